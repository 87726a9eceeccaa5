#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "engine/new_file.h"

namespace wasmax::engine {

/// Writes to `file` the ELF executable `stub` with `artifact` (intact) behind it as segments of its
/// own, and `options` (launch/embedded.h). Offsets of all that is added equal addresses, so that
/// kernels of all ages find the program headers. The symbols of the artifact become those of the
/// executable. docs/artifact.md
/// Errors: internal (`stub` is none); host (writing).
[[nodiscard]] Result<void, Error> write_executable(NewFile& file, ByteView stub, ByteView artifact,
                                                   std::string_view options);

}  // namespace wasmax::engine
