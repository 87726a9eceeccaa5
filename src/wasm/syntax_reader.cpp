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

constexpr std::uint8_t kGcPrefix = 0xfb;
constexpr std::uint8_t kRefEq = 0xd3;

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

ModuleError gc_error(const std::string& what, std::uint64_t offset) {
    return {.kind = ModuleError::Kind::unsupported,
            .offset = offset,
            .message = "uses the GC proposal, which wasmax does not support: " + what,
            .section = {}};
}

namespace {

/// A type that has no row: of a proposal wasmax knows by name, or nonsense.
ModuleError unknown_type(int byte, const char* message, std::uint64_t offset) {
    struct Row {
        int byte;
        const char* name;
    };
    static constexpr Row kGcTypes[] = {{0x6d, "type eqref"},
                                       {0x6c, "type i31ref"},
                                       {0x6b, "type structref"},
                                       {0x6a, "type arrayref"}};
    for (const Row& row : kGcTypes) {
        if (row.byte == byte) {
            return gc_error(row.name, offset);
        }
    }
    return ReadError{message, offset};
}

/// After `0x63` or `0x64`.
Result<ValueType, ModuleError> read_explicit_reference(ByteReader& reader, const TypeScope& scope,
                                                       std::uint64_t offset, bool nullable) {
    if (!scope.features.has(Feature::function_references)) {
        return fail(feature_error(Feature::function_references, offset));
    }
    const ValueType type = TRY(read_heap_type(reader, scope));
    return nullable ? type : type.non_null();
}

}  // namespace

Result<ValueType, ModuleError> read_value_type(ByteReader& reader, const TypeScope& scope) {
    const std::uint64_t offset = reader.offset();
    const std::uint8_t byte = TRY(reader.byte());
    if (byte == kReference || byte == kNullableReference) {
        return read_explicit_reference(reader, scope, offset, byte == kNullableReference);
    }
    const ValueTypeRow* row = find_value_type(byte);
    if (row == nullptr) {
        return fail(unknown_type(byte, "malformed value type", offset));
    }
    if (!scope.features.has(row->feature)) {
        return fail(feature_error(row->feature, offset));
    }
    return row->type;
}

Result<ValueType, ModuleError> read_reference_type(ByteReader& reader, const TypeScope& scope) {
    const std::uint64_t offset = reader.offset();
    const std::uint8_t byte = TRY(reader.byte());
    if (byte == kReference || byte == kNullableReference) {
        return read_explicit_reference(reader, scope, offset, byte == kNullableReference);
    }
    const ValueTypeRow* row = find_value_type(byte);
    if (row == nullptr || !row->type.is_ref()) {
        return fail(unknown_type(byte, "malformed reference type", offset));
    }
    // WebAssembly 1.0 has funcref, but only as the type of a table's elements.
    if (row->type != ValueType::funcref && !scope.features.has(row->feature)) {
        return fail(feature_error(row->feature, offset));
    }
    return row->type;
}

Result<ValueType, ModuleError> read_heap_type(ByteReader& reader, const TypeScope& scope) {
    constexpr int kNegative = 0x40;  // of a one-byte s33: an abstract heap type
    const std::uint64_t offset = reader.offset();
    const int byte = reader.peek();
    if (byte >= kNegative && byte < 2 * kNegative) {
        // They share their encodings with the nullable references to them.
        const ValueTypeRow* row = find_value_type(byte);
        if (row == nullptr || !row->type.is_ref()) {
            return fail(unknown_type(byte, "malformed heap type", offset));
        }
        return read_reference_type(reader, scope);
    }
    const std::int64_t index = TRY(reader.s33());
    if (index < 0) {
        return fail(ReadError{"malformed heap type", offset});
    }
    if (!scope.features.has(Feature::function_references)) {
        return fail(feature_error(Feature::function_references, offset));
    }
    if (static_cast<std::uint64_t>(index) >= scope.types.size()) {
        return fail(ModuleError{.kind = ModuleError::Kind::invalid,
                                .offset = offset,
                                .message = "unknown type " + std::to_string(index),
                                .section = {}});
    }
    return ValueType::ref(HeapKind::defined, /*nullable=*/true,
                          scope.types[static_cast<std::size_t>(index)]);
}

Result<const OpcodeInfo*, ModuleError> read_opcode(ByteReader& reader, Features features) {
    const std::uint64_t offset = reader.offset();
    const std::uint8_t byte = TRY(reader.byte());
    const OpcodeInfo* row = find_opcode(byte);
    if (byte == kGcPrefix || byte == kRefEq) {
        return fail(gc_error("opcode " + hex(byte) +
                                 (byte == kGcPrefix ? ' ' + hex(TRY(reader.u32())) : std::string()),
                             offset));
    }
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
