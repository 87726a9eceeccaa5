#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

/// All bytes of a file, up to 1 GiB. Not by a stream: libstdc++'s throws when a read fails, as one
/// of /proc/PID does when the process ends meanwhile, or one of a directory. Errors: host; limit.
[[nodiscard]] Result<std::string, Error> read_whole_file(const std::filesystem::path& path);

}  // namespace wasmax::lab
