#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// A value type that one byte encodes. wasm: binary-valtype
struct ValueTypeRow {
    std::uint8_t byte;
    ValueType type;
    Feature feature;
};

inline constexpr ValueTypeRow kValueTypes[] = {
    {0x7f, ValueType::i32, Feature::mvp},
    {0x7e, ValueType::i64, Feature::mvp},
    {0x7d, ValueType::f32, Feature::mvp},
    {0x7c, ValueType::f64, Feature::mvp},
    {0x7b, ValueType::v128, Feature::simd},
    {0x70, ValueType::funcref, Feature::reference_types},
    {0x6f, ValueType::externref, Feature::reference_types},
    {0x69, ValueType::exnref, Feature::exceptions},
    {0x74, ValueType::ref(HeapKind::noexn, true), Feature::exceptions},
    {0x73, ValueType::ref(HeapKind::nofunc, true), Feature::function_references},
    {0x72, ValueType::ref(HeapKind::noextern, true), Feature::function_references},
    {0x71, ValueType::ref(HeapKind::none, true), Feature::function_references},
    {0x6e, ValueType::ref(HeapKind::any, true), Feature::function_references},
};

/// The bytes before a heap type that make it a reference type. wasm: binary-reftype
inline constexpr int kReference = 0x64;
inline constexpr int kNullableReference = 0x63;

/// What value types can be read: those of `features`, and references to the types whose canonical
/// indices (Module::canonical_types) are `types`.
struct TypeScope {
    Features features;
    std::span<const TypeIndex> types;
};

/// The row of `byte`; null if it encodes no value type. Static storage.
[[nodiscard]] constexpr const ValueTypeRow* find_value_type(int byte) {
    for (const ValueTypeRow& row : kValueTypes) {
        if (row.byte == byte) {
            return &row;
        }
    }
    return nullptr;
}

/// `feature NAME is not enabled`, as ModuleError::Kind::unsupported.
[[nodiscard]] ModuleError feature_error(Feature feature, std::uint64_t offset);
/// `uses the GC proposal, which wasmax does not support: WHAT`, likewise.
[[nodiscard]] ModuleError gc_error(const std::string& what, std::uint64_t offset);

/// wasm: binary-valtype
[[nodiscard]] Result<ValueType, ModuleError> read_value_type(ByteReader& reader,
                                                             const TypeScope& scope);
/// wasm: binary-reftype
[[nodiscard]] Result<ValueType, ModuleError> read_reference_type(ByteReader& reader,
                                                                 const TypeScope& scope);
/// The nullable reference to a heap type, which `ref.null` makes. wasm: binary-heaptype
[[nodiscard]] Result<ValueType, ModuleError> read_heap_type(ByteReader& reader,
                                                            const TypeScope& scope);

/// An opcode with its sub-opcode, if it is known and its feature is on. wasm: binary-instr
[[nodiscard]] Result<const OpcodeInfo*, ModuleError> read_opcode(ByteReader& reader,
                                                                 Features features);

}  // namespace wasmax::wasm
