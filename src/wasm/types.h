#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace wasmax::wasm {

/// An index into one of a module's index spaces. Two spaces do not convert into each other.
/// wasm: syntax-index
template <class Tag>
struct Index {
    std::uint32_t value = 0;
    auto operator<=>(const Index&) const = default;
};

using TypeIndex = Index<struct TypeTag>;
using FunctionIndex = Index<struct FunctionTag>;
using TableIndex = Index<struct TableTag>;
using MemoryIndex = Index<struct MemoryTag>;
using GlobalIndex = Index<struct GlobalTag>;
using TagIndex = Index<struct TagTag>;
using ElementIndex = Index<struct ElementTag>;
using DataIndex = Index<struct DataTag>;
using LocalIndex = Index<struct LocalTag>;

/// What a reference refers to: an abstract heap type, or a defined function type of the module.
/// wasm: syntax-heaptype
enum class HeapKind : std::uint8_t { func, extern_, exn, defined };

/// A value type. Four bytes, cheap to copy and compare. wasm: syntax-valtype
class ValueType {
public:
    /// `bottom` is the type of an operand popped from an unreachable stack: it matches every type.
    enum class Kind : std::uint8_t { bottom, i32, i64, f32, f64, v128, ref };

    constexpr ValueType() = default;
    static const ValueType bottom, i32, i64, f32, f64, v128, funcref, externref, exnref;

    /// `(ref null? $type)`; `type` is below 2^20 (kMaxTypes). wasm: syntax-reftype
    [[nodiscard]] static constexpr ValueType ref(HeapKind heap, bool nullable,
                                                 TypeIndex type = {}) {
        return ValueType(Kind::ref, nullable, heap, type.value);
    }

    [[nodiscard]] constexpr Kind kind() const { return kind_; }
    [[nodiscard]] constexpr bool is_ref() const { return kind_ == Kind::ref; }
    [[nodiscard]] constexpr bool is_numeric() const {
        return kind_ >= Kind::i32 && kind_ <= Kind::f64;
    }
    [[nodiscard]] constexpr bool is_vector() const { return kind_ == Kind::v128; }
    [[nodiscard]] constexpr bool is_nullable() const { return nullable_ != 0; }
    [[nodiscard]] constexpr HeapKind heap() const { return static_cast<HeapKind>(heap_); }
    /// Only when heap() is `defined`.
    [[nodiscard]] constexpr TypeIndex type_index() const { return {type_}; }
    /// Whether a value of this type is a reference to a function: `func` or a defined type.
    [[nodiscard]] constexpr bool is_function_ref() const {
        return is_ref() && (heap() == HeapKind::func || heap() == HeapKind::defined);
    }
    /// The same reference type without null.
    [[nodiscard]] constexpr ValueType non_null() const {
        return ValueType(kind_, false, heap(), type_);
    }
    constexpr bool operator==(const ValueType&) const = default;

private:
    constexpr ValueType(Kind kind, bool nullable, HeapKind heap, std::uint32_t type)
        : kind_(kind),
          nullable_(nullable ? 1 : 0),
          heap_(static_cast<std::uint8_t>(heap) & 3U),
          type_(type & 0xfffffU) {}

    Kind kind_ = Kind::bottom;
    std::uint32_t nullable_ : 1 = 0;
    std::uint32_t heap_ : 2 = 0;
    std::uint32_t type_ : 20 = 0;
};

inline constexpr ValueType ValueType::bottom{Kind::bottom, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::i32{Kind::i32, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::i64{Kind::i64, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::f32{Kind::f32, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::f64{Kind::f64, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::v128{Kind::v128, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::funcref{Kind::ref, true, HeapKind::func, 0};
inline constexpr ValueType ValueType::externref{Kind::ref, true, HeapKind::extern_, 0};
inline constexpr ValueType ValueType::exnref{Kind::ref, true, HeapKind::exn, 0};

/// The type as the text format spells it, such as `i32` or `(ref null 3)`.
[[nodiscard]] std::string to_string(ValueType type);

/// wasm: syntax-functype
struct FunctionType {
    std::vector<ValueType> parameters;
    std::vector<ValueType> results;
    bool operator==(const FunctionType&) const = default;
};

/// The type as the text format spells it, such as `(i32, i64) -> (f32)`.
[[nodiscard]] std::string to_string(const FunctionType& type);

/// Whether addresses of a memory or table are 32-bit or 64-bit integers. wasm: syntax-addrtype
enum class AddressType : std::uint8_t { i32, i64 };

/// In pages for a memory, in entries for a table. wasm: syntax-limits
struct Limits {
    std::uint64_t minimum = 0;
    std::optional<std::uint64_t> maximum;
    bool operator==(const Limits&) const = default;
};

/// wasm: syntax-memtype
struct MemoryType {
    Limits limits;
    AddressType address = AddressType::i32;
    bool shared = false;
    bool operator==(const MemoryType&) const = default;
};

/// wasm: syntax-tabletype
struct TableType {
    ValueType element = ValueType::funcref;
    Limits limits;
    AddressType address = AddressType::i32;
    bool operator==(const TableType&) const = default;
};

/// wasm: syntax-globaltype
struct GlobalType {
    ValueType value = ValueType::i32;
    bool is_mutable = false;
    bool operator==(const GlobalType&) const = default;
};

/// The proposals that can be switched off. Those of WebAssembly 1.0 are not listed.
enum class Feature : std::uint8_t {
    mvp,
    sign_extension,
    saturating_float_to_int,
    multi_value,
    bulk_memory,
    reference_types,
    simd,
    relaxed_simd,
    threads,
    tail_call,
    exceptions,
    legacy_exceptions,
    extended_const,
    multi_memory,
    memory64,
    function_references,
};

/// A set of features.
class Features {
public:
    /// What wasmax supports, all of it.
    [[nodiscard]] static constexpr Features supported() {
        Features features;
        for (const Feature feature :
             {Feature::mvp, Feature::sign_extension, Feature::saturating_float_to_int,
              Feature::multi_value, Feature::bulk_memory, Feature::reference_types, Feature::simd,
              Feature::relaxed_simd, Feature::threads, Feature::extended_const, Feature::tail_call,
              Feature::multi_memory}) {
            features.enable(feature);
        }
        return features;
    }
    [[nodiscard]] constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
    constexpr void enable(Feature feature) { bits_ |= bit(feature); }
    constexpr void disable(Feature feature) { bits_ &= ~bit(feature); }
    bool operator==(const Features&) const = default;

private:
    [[nodiscard]] static constexpr std::uint32_t bit(Feature feature) {
        return std::uint32_t{1} << static_cast<unsigned>(feature);
    }
    std::uint32_t bits_ = 0;
};

/// The name of a feature as `--disable-NAME` spells it, such as `bulk-memory`.
[[nodiscard]] const char* to_string(Feature feature);

}  // namespace wasmax::wasm
