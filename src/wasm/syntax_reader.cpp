#include "wasm/impl/syntax_reader.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/impl/opcode_table.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

/// `illegal opcode fd 0c`
ModuleError illegal_opcode(std::uint64_t offset, const std::string& encoding) {
    return {.kind = ModuleError::Kind::malformed,
            .offset = offset,
            .message = "illegal opcode " + encoding,
            .section = {}};
}

std::string hex(std::uint32_t value) {
    char text[16];
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): no formatting library in this layer.
    const int length = std::snprintf(text, sizeof(text), "%02x", value);
    return {text, static_cast<std::size_t>(length)};
}

}  // namespace

ModuleError feature_error(Feature feature, std::uint64_t offset) {
    return {.kind = ModuleError::Kind::unsupported,
            .offset = offset,
            .message = std::string("feature ") + to_string(feature) + " is not enabled",
            .section = {}};
}

Result<ValueType, ModuleError> read_value_type(ByteReader& reader, Features features) {
    const std::uint64_t offset = reader.offset();
    const ValueTypeRow* row = find_value_type(TRY(reader.byte()));
    if (row == nullptr) {
        return fail(ReadError{"malformed value type", offset});
    }
    if (!features.has(row->feature)) {
        return fail(feature_error(row->feature, offset));
    }
    return row->type;
}

Result<ValueType, ModuleError> read_reference_type(ByteReader& reader, Features features) {
    const std::uint64_t offset = reader.offset();
    const ValueTypeRow* row = find_value_type(TRY(reader.byte()));
    if (row == nullptr || !row->type.is_ref()) {
        return fail(ReadError{"malformed reference type", offset});
    }
    // WebAssembly 1.0 has funcref, but only as the type of a table's elements.
    if (row->type != ValueType::funcref && !features.has(row->feature)) {
        return fail(feature_error(row->feature, offset));
    }
    return row->type;
}

Result<ValueType, ModuleError> read_heap_type(ByteReader& reader, Features features) {
    const std::uint64_t offset = reader.offset();
    // The one-byte abstract heap types share their encodings with the nullable references to them.
    const ValueTypeRow* row = find_value_type(reader.peek());
    if (row == nullptr || !row->type.is_ref()) {
        return fail(ReadError{"malformed heap type", offset});
    }
    return read_reference_type(reader, features);
}

Result<const OpcodeInfo*, ModuleError> read_opcode(ByteReader& reader, Features features) {
    const std::uint64_t offset = reader.offset();
    const std::uint8_t byte = TRY(reader.byte());
    const OpcodeInfo* row = find_opcode(byte);
    if (is_opcode_prefix(byte)) {
        const std::uint32_t sub_opcode = TRY(reader.u32());
        row = find_opcode(byte, sub_opcode);
        if (row == nullptr) {
            return fail(illegal_opcode(offset, hex(byte) + ' ' + hex(sub_opcode)));
        }
    }
    if (row == nullptr) {
        return fail(illegal_opcode(offset, hex(byte)));
    }
    if (!features.has(row->feature)) {
        return fail(feature_error(row->feature, offset));
    }
    return row;
}

}  // namespace wasmax::wasm
