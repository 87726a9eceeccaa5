#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/cache.h"
#include "runtime/artifact.h"

namespace wasmax::engine {

/// Opens `path` if it is an ELF file, by its first bytes: an artifact if anything. nullopt for
/// anything else, what is no regular file included, which is not opened.
/// Errors: host (no such file, not readable, a directory).
[[nodiscard]] Result<std::optional<UniqueFd>, Error> open_if_artifact(const std::string& path);

/// Maps an artifact that may come from anywhere and compares its checksum, unless `cache` (may be
/// null) remembers that this was done. Reads nothing but headers then.
/// Errors: as runtime::Artifact::map, each with what to do.
[[nodiscard]] Result<std::shared_ptr<const runtime::Artifact>, Error> map_artifact(
    int fd, const std::string& path, const Cache* cache);

}  // namespace wasmax::engine
