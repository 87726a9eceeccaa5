#pragma once

#include <cstddef>
#include <cstdint>

namespace wasmax::abi {

/// The rows of builtins.def; the value is the index into VmContext::builtins.
enum class Builtin : std::uint32_t {
#define BUILTIN(name, result, parameters) name,
#include "abi/builtins.def"
};

inline constexpr std::size_t kBuiltinCount = 0
#define BUILTIN(name, result, parameters) +1
#include "abi/builtins.def"
    ;

}  // namespace wasmax::abi
