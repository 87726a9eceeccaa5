#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wasm/opcode.h"

namespace wasmax::codegen {

inline constexpr std::size_t kOpcodeCount = 0
#define OPCODE(encoding, name, text, immediates, handler, parameters, results, feature) +1
#include "wasm/opcodes.def"
    ;

inline constexpr std::uint16_t kNoRow = 0xffff;

/// Where each opcode's row is in `rows`, whose elements have a member `opcode`; kNoRow without one.
template <class Row, std::size_t kRows>
constexpr std::array<std::uint16_t, kOpcodeCount> index_by_opcode(const Row (&rows)[kRows]) {
    std::array<std::uint16_t, kOpcodeCount> index{};
    index.fill(kNoRow);
    for (std::size_t row = 0; row < kRows; ++row) {
        index[static_cast<std::size_t>(rows[row].opcode)] = static_cast<std::uint16_t>(row);
    }
    return index;
}

/// Whether the rows are those of `handler` in opcodes.def, no more and no less.
constexpr bool covers_handler(const std::array<std::uint16_t, kOpcodeCount>& index,
                              std::string_view handler) {
    constexpr std::string_view kHandlers[] = {
#define OPCODE(encoding, name, text, immediates, handler, parameters, results, feature) #handler,
#include "wasm/opcodes.def"
    };
    for (std::size_t opcode = 0; opcode < kOpcodeCount; ++opcode) {
        if ((kHandlers[opcode] == handler) != (index[opcode] != kNoRow)) {
            return false;
        }
    }
    return true;
}

}  // namespace wasmax::codegen
