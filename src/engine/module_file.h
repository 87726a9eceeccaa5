#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "engine/child_task.h"

namespace wasmax::engine {

/// The largest module file that is read. CODEGEN: limits.
inline constexpr Bytes kMaxModuleBytes{kGiB};
/// The largest text that is converted: libwabt needs tens of times its size.
inline constexpr Bytes kMaxTextBytes{64 * kMiB};

/// A module's binary, read from a file in the binary or the text format.
class ModuleFile {
public:
    /// Reads the file; text is converted to binary in a child process. The file is copied, so that
    /// changing it later has no effect. The binary is not decoded yet.
    /// Errors: host (open, read), invalid (neither format, wrong text), limit (too large).
    [[nodiscard]] static Result<ModuleFile, Error> read(const std::string& path,
                                                        const Progress& progress = {});

    /// Valid as long as this object, moves included.
    [[nodiscard]] ByteView bytes() const { return bytes_; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    ModuleFile(std::string path, std::vector<std::byte> bytes)
        : path_(std::move(path)), bytes_(std::move(bytes)) {}

    std::string path_;
    std::vector<std::byte> bytes_;
};

}  // namespace wasmax::engine
