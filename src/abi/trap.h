#pragma once

#include <cstdint>

namespace wasmax::abi {

/// The rows of traps.def; the value is the code in the `ud1` instruction.
enum class TrapCode : std::uint8_t {
#define TRAP(code, name, message) name = (code),
#include "abi/traps.def"
};

/// The specification's words, such as `integer divide by zero`.
[[nodiscard]] const char* message(TrapCode code);
/// The row's name, such as `integer_divide_by_zero`.
[[nodiscard]] const char* to_string(TrapCode code);
/// Whether `code` is the code of some row: the immediate of a `ud1` is checked before it is used.
[[nodiscard]] bool is_trap_code(std::uint8_t code);

}  // namespace wasmax::abi
