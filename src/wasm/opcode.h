#pragma once

#include <cstdint>

#include "wasm/types.h"

namespace wasmax::wasm {

/// Every instruction wasmax knows, in the order of opcodes.def. Not the encoding: see
/// opcode_info().
enum class Opcode : std::uint16_t {
#define OPCODE(encoding, name, text, immediates, handler, parameters, results, feature) name,
#include "wasm/opcodes.def"
};

/// What follows an opcode in the binary format. wasm: binary-instr
enum class Immediates : std::uint8_t {
    none,
    block_type,
    try_table,
    tag,
    label,
    label_table,
    function,
    type,
    type_table,
    value_types,
    local,
    global,
    table,
    memory,
    memarg,
    memarg_lane,
    zero_byte,
    lane,
    lanes,
    v128,
    i32,
    i64,
    f32,
    f64,
    heap_type,
    data,
    element,
    data_memory,
    memory_memory,
    element_table,
    table_table,
};

/// One row of opcodes.def.
struct OpcodeInfo {
    Opcode opcode;
    std::uint32_t encoding;  ///< the byte, or prefix << 16 | sub-opcode
    const char* text;
    Immediates immediates;
    const char* parameters;  ///< letters as opcodes.def explains
    const char* results;
    Feature feature;
};

[[nodiscard]] const OpcodeInfo& opcode_info(Opcode opcode);

/// The text format's spelling, such as `i32.add`.
[[nodiscard]] inline const char* to_string(Opcode opcode) { return opcode_info(opcode).text; }

}  // namespace wasmax::wasm
