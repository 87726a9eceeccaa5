#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::engine {

/// Whether `bytes` could be the text format: not empty, no NUL among the first bytes.
[[nodiscard]] bool looks_like_text(ByteView bytes);

/// The binary format of a module in text. `name` stands in error messages, which give line and
/// column. The result is well-formed, not validated. Deep nesting may exhaust the native stack
/// inside libwabt: callers run it in a child process (child_task.h).
/// Errors: invalid (the text is wrong). wasm: text
[[nodiscard]] Result<std::vector<std::byte>, Error> text_to_binary(std::string_view text,
                                                                   const std::string& name);

/// A .wast script as a list of commands in JSON, the layout of wabt's wast2json, and its modules.
struct ScriptCommands {
    std::string json;
    std::map<std::string, std::vector<std::byte>, std::less<>> modules;  ///< by file name
};

/// Converts a script of the specification's test suite. `name` as above.
/// Errors: invalid (also for syntax newer than libwabt knows).
[[nodiscard]] Result<ScriptCommands, Error> script_to_commands(std::string_view text,
                                                               const std::string& name);

}  // namespace wasmax::engine
