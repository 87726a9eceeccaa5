#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/assert.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// The rows of opcodes.def, indexed by Opcode.
inline constexpr OpcodeInfo kOpcodes[] = {
#define OPCODE(encoding, name, text, immediates, handler, parameters, results, feature) \
    {Opcode::name, encoding, text, Immediates::immediates, parameters, results, Feature::feature},
#include "wasm/opcodes.def"
};

/// The operand types of a row, spelled out. An address is `bottom`: its type is the memory's.
struct OpcodeTypes {
    std::array<ValueType, 3> parameters;
    std::uint8_t parameter_count = 0;
    ValueType result;
};

/// A letter of the columns `parameters` and `results`.
consteval ValueType value_type_of_letter(char letter) {
    struct Row {
        char letter;
        ValueType type;
    };
    constexpr Row kRows[] = {{'i', ValueType::i32},  {'l', ValueType::i64},
                             {'f', ValueType::f32},  {'d', ValueType::f64},
                             {'v', ValueType::v128}, {'a', ValueType::bottom}};
    const Row* row = std::ranges::find(kRows, letter, &Row::letter);
    WASMAX_ASSERT(row != std::end(kRows));  // while compiling, as all of this
    return row->type;
}

consteval auto make_opcode_types() {
    std::array<OpcodeTypes, std::size(kOpcodes)> table;
    for (std::size_t i = 0; i < table.size(); ++i) {
        for (const char letter : std::string_view(kOpcodes[i].parameters)) {
            table[i].parameters[table[i].parameter_count++] = value_type_of_letter(letter);
        }
        for (const char letter : std::string_view(kOpcodes[i].results)) {
            table[i].result = value_type_of_letter(letter);
        }
    }
    return table;
}

/// Indexed by Opcode.
inline constexpr auto kOpcodeTypes = make_opcode_types();

/// The number that `text` starts with; 0 without one.
consteval unsigned leading_number(std::string_view text) {
    unsigned number = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') {
            break;
        }
        number = number * 10 + static_cast<unsigned>(digit - '0');
    }
    return number;
}

/// log2 of the bytes an access to a memory touches, read off its text: `i64.load32_u` is 2. The
/// natural alignment. 0 for other opcodes. wasm: valid-memarg
consteval std::uint8_t access_bytes_log2(const OpcodeInfo& row) {
    if (row.immediates != Immediates::memarg && row.immediates != Immediates::memarg_lane) {
        return 0;
    }
    const std::string_view text = row.text;
    // The width stands behind the verb, or is the type's: `i64.load32_u`, `i64.load`.
    unsigned bits = leading_number(text.substr(1));
    for (const std::string_view verb : {"load", "store", "rmw", "wait"}) {
        if (const std::size_t found = text.find(verb); found != text.npos) {
            const std::string_view width = text.substr(found + verb.size());
            const unsigned own = leading_number(width);
            // `load8x8_s` widens eight bytes: all such loads read 64 bits.
            const bool widens = own != 0 && width.substr(own < 10 ? 1 : 2).starts_with('x');
            bits = widens ? 64 : own != 0 ? own : bits;
        }
    }
    constexpr unsigned kNotifyBits = 32;  // memory.atomic.notify: the word that is waited for
    return static_cast<std::uint8_t>(std::bit_width((bits == 0 ? kNotifyBits : bits) / 8) - 1);
}

consteval auto make_access_table() {
    std::array<std::uint8_t, std::size(kOpcodes)> table;
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = access_bytes_log2(kOpcodes[i]);
    }
    return table;
}

/// Indexed by Opcode.
inline constexpr auto kAccessBytesLog2 = make_access_table();

/// How many lanes a row with a lane index chooses from: `i16x8.extract_lane_s` has 8, an access to
/// a lane as many as its width allows. 0 for other opcodes.
consteval auto make_lane_counts() {
    constexpr unsigned kVectorBytes = 16;
    std::array<std::uint8_t, std::size(kOpcodes)> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const std::string_view text = kOpcodes[i].text;
        unsigned count = 0;
        if (kOpcodes[i].immediates == Immediates::lane) {
            count = leading_number(text.substr(text.find('x') + 1));
        } else if (kOpcodes[i].immediates == Immediates::memarg_lane) {
            count = kVectorBytes >> kAccessBytesLog2[i];
        }
        table[i] = static_cast<std::uint8_t>(count);
    }
    return table;
}

/// Indexed by Opcode.
inline constexpr auto kLaneCounts = make_lane_counts();

/// The prefix bytes in use, and how many sub-opcodes a table has room for.
inline constexpr std::uint32_t kOpcodePrefixes[] = {0xfc, 0xfd, 0xfe};
inline constexpr std::size_t kSubOpcodes = 288;
inline constexpr std::uint16_t kNoOpcode = 0xffff;

/// Row numbers by encoding: [0] by first byte, [1 + p] by the sub-opcode of kOpcodePrefixes[p].
struct OpcodeIndex {
    std::array<std::uint16_t, 256> by_byte;
    std::array<std::array<std::uint16_t, kSubOpcodes>, std::size(kOpcodePrefixes)> by_sub_opcode;
    std::array<std::uint8_t, 256> prefix_number;  ///< 1 + index into by_sub_opcode; 0: no prefix
};

consteval OpcodeIndex make_opcode_index() {
    OpcodeIndex index{};
    index.by_byte.fill(kNoOpcode);
    for (std::size_t p = 0; p < std::size(kOpcodePrefixes); ++p) {
        index.by_sub_opcode[p].fill(kNoOpcode);
        index.prefix_number[kOpcodePrefixes[p]] = static_cast<std::uint8_t>(p + 1);
    }
    for (std::size_t row = 0; row < std::size(kOpcodes); ++row) {
        const std::uint32_t encoding = kOpcodes[row].encoding;
        std::uint16_t& entry =
            encoding <= 0xff
                ? index.by_byte[encoding]
                : index.by_sub_opcode[index.prefix_number[encoding >> 16] - 1U][encoding & 0xffff];
        WASMAX_ASSERT(entry == kNoOpcode);  // two rows with one encoding
        entry = static_cast<std::uint16_t>(row);
    }
    return index;
}

inline constexpr OpcodeIndex kOpcodeIndex = make_opcode_index();

/// The row of a one-byte opcode; null if there is none.
[[nodiscard]] inline const OpcodeInfo* find_opcode(std::uint8_t byte) {
    const std::uint16_t row = kOpcodeIndex.by_byte[byte];
    return row == kNoOpcode ? nullptr : &kOpcodes[row];
}

/// Whether `byte` announces a sub-opcode.
[[nodiscard]] inline bool is_opcode_prefix(std::uint8_t byte) {
    return kOpcodeIndex.prefix_number[byte] != 0;
}

/// The row of a prefixed opcode; null if there is none. `prefix` is one.
[[nodiscard]] inline const OpcodeInfo* find_opcode(std::uint8_t prefix, std::uint32_t sub_opcode) {
    if (sub_opcode >= kSubOpcodes) {
        return nullptr;
    }
    const auto& table = kOpcodeIndex.by_sub_opcode[kOpcodeIndex.prefix_number[prefix] - 1U];
    const std::uint16_t row = table[sub_opcode];
    return row == kNoOpcode ? nullptr : &kOpcodes[row];
}

}  // namespace wasmax::wasm
