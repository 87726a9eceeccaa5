#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "engine/digest.h"
#include "engine/module_file.h"
#include "runtime/artifact.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::engine {

/// What a file is, and the module in it. Move-only; the module views into the rest.
struct Inspection {
    enum class Kind : std::uint8_t { module, artifact, executable };

    Kind kind = Kind::module;
    std::uint64_t file_bytes = 0;
    Digest digest{};                                    ///< of the file
    std::vector<std::string> options;                   ///< built into an executable
    std::optional<ModuleFile> source;                   ///< of a module
    std::shared_ptr<const runtime::Artifact> artifact;  ///< of the others
    wasm::Module module;                                ///< without bodies if compiled
    /// Those a module does not validate without; those that were enabled when it was compiled.
    std::vector<wasm::Feature> features;
};

/// Looks at a module in either format, an artifact, or an executable made by create-exe.
/// Errors: host (the file), invalid, unsupported (an artifact of another version).
[[nodiscard]] Result<Inspection, Error> inspect(const std::string& path);

}  // namespace wasmax::engine
