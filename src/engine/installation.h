#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::engine {

/// The program that create-exe copies. The name of the compiler is codegen::kPluginFile.
inline constexpr std::string_view kStandaloneFile = "wasmax-standalone";

/// The path of a file of ours in `lib/` beside the directory of this executable, as built and as
/// installed. Whether it exists is not looked at. Errors: host.
[[nodiscard]] Result<std::string, Error> library_path(std::string_view file);

}  // namespace wasmax::engine
