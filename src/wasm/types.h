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
/// `any` and `none` have null only: what they hold besides is made by garbage collection.
/// `bottom` is below all of them: the type of a reference in code that cannot be reached.
/// wasm: syntax-heaptype
enum class HeapKind : std::uint8_t {
    func,
    extern_,
    exn,
    any,
    nofunc,
    noextern,
    noexn,
    none,
    defined,
    bottom,
};

/// A value type. Four bytes, cheap to copy and compare. wasm: syntax-valtype
class ValueType {
public:
    /// `bottom` is the type of an operand popped from an unreachable stack: it matches every type.
    enum class Kind : std::uint8_t { bottom, i32, i64, f32, f64, v128, ref };

    constexpr ValueType() = default;
    static const ValueType bottom, i32, i64, f32, f64, v128, funcref, externref, exnref;

    /// `(ref null? $type)`; `type` is below 2^20 (kMaxTypes), and in a decoded module the first of
    /// all equal types, so that equal types are equal values. wasm: syntax-reftype
    [[nodiscard]] static constexpr ValueType ref(HeapKind heap, bool nullable,
                                                 TypeIndex type = {}) {
        return ValueType(Kind::ref, nullable, heap, type.value);
    }

    [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>(kind_); }
    [[nodiscard]] constexpr bool is_ref() const { return kind() == Kind::ref; }
    [[nodiscard]] constexpr bool is_numeric() const {
        return kind() >= Kind::i32 && kind() <= Kind::f64;
    }
    [[nodiscard]] constexpr bool is_vector() const { return kind() == Kind::v128; }
    [[nodiscard]] constexpr bool is_nullable() const { return nullable_ != 0; }
    [[nodiscard]] constexpr HeapKind heap() const { return static_cast<HeapKind>(heap_); }
    [[nodiscard]] constexpr bool is_defined() const {
        return is_ref() && heap() == HeapKind::defined;
    }
    /// Only when is_defined().
    [[nodiscard]] constexpr TypeIndex type_index() const { return {type_}; }
    /// Whether a value of this type is a reference to a function: `func` or a type below it.
    [[nodiscard]] constexpr bool is_function_ref() const {
        return is_ref() && (heap() == HeapKind::func || heap() == HeapKind::defined ||
                            heap() == HeapKind::nofunc);
    }
    /// Whether locals of this type start with a value. wasm: valid-defaultable
    [[nodiscard]] constexpr bool is_defaultable() const { return !is_ref() || is_nullable(); }
    /// The same reference type without null, or with it.
    [[nodiscard]] constexpr ValueType non_null() const {
        return ValueType(kind(), false, heap(), type_);
    }
    [[nodiscard]] constexpr ValueType nullable() const {
        return ValueType(kind(), true, heap(), type_);
    }
    constexpr bool operator==(const ValueType&) const = default;

private:
    constexpr ValueType(Kind kind, bool nullable, HeapKind heap, std::uint32_t type)
        : kind_(static_cast<std::uint8_t>(kind) & 7U),
          nullable_(nullable ? 1 : 0),
          heap_(static_cast<std::uint8_t>(heap) & 0xfU),
          type_(type & 0xfffffU) {}

    std::uint32_t kind_ : 3 = 0;
    std::uint32_t nullable_ : 1 = 0;
    std::uint32_t heap_ : 4 = 0;
    std::uint32_t type_ : 20 = 0;
};
static_assert(sizeof(ValueType) == 4);

inline constexpr ValueType ValueType::bottom{Kind::bottom, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::i32{Kind::i32, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::i64{Kind::i64, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::f32{Kind::f32, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::f64{Kind::f64, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::v128{Kind::v128, false, HeapKind::func, 0};
inline constexpr ValueType ValueType::funcref{Kind::ref, true, HeapKind::func, 0};
inline constexpr ValueType ValueType::externref{Kind::ref, true, HeapKind::extern_, 0};
inline constexpr ValueType ValueType::exnref{Kind::ref, true, HeapKind::exn, 0};

/// Whether a value of type `actual` can stand where `expected` is asked for, both of one module.
/// wasm: match-valtype
[[nodiscard]] constexpr bool is_subtype(ValueType actual, ValueType expected) {
    if (actual == expected || actual == ValueType::bottom) {
        return true;
    }
    if (!actual.is_ref() || !expected.is_ref() ||
        (actual.is_nullable() && !expected.is_nullable())) {
        return false;
    }
    if (actual.heap() == HeapKind::bottom) {
        return true;
    }
    switch (expected.heap()) {
        case HeapKind::func:
            return actual.is_function_ref();
        case HeapKind::extern_:
            return actual.heap() == HeapKind::extern_ || actual.heap() == HeapKind::noextern;
        case HeapKind::exn:
            return actual.heap() == HeapKind::exn || actual.heap() == HeapKind::noexn;
        case HeapKind::any:
            return actual.heap() == HeapKind::any || actual.heap() == HeapKind::none;
        case HeapKind::defined:
            return actual.heap() == HeapKind::nofunc ||
                   (actual.is_defined() && actual.type_index() == expected.type_index());
        case HeapKind::nofunc:
        case HeapKind::noextern:
        case HeapKind::noexn:
        case HeapKind::none:
        case HeapKind::bottom:
            return actual.heap() == expected.heap();
    }
    __builtin_unreachable();
}

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

/// The proposals that can be switched off: the rows of features.def.
enum class Feature : std::uint8_t {
#define FEATURE(name, text, availability, needs) name,
#include "wasm/features.def"
};

/// A set of features.
class Features {
public:
    /// What wasmax supports, all of it, which is also the default.
    [[nodiscard]] static constexpr Features supported() {
        [[maybe_unused]] constexpr bool on = true;
        [[maybe_unused]] constexpr bool off = false;
        Features features;
#define FEATURE(name, text, availability, needs) \
    if (availability) {                          \
        features.enable(Feature::name);          \
    }
#include "wasm/features.def"
        return features;
    }
    [[nodiscard]] constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
    constexpr void enable(Feature feature) { bits_ |= bit(feature); }
    constexpr void disable(Feature feature) { bits_ &= ~bit(feature); }
    /// Disables the feature and all that need it.
    void switch_off(Feature feature);
    bool operator==(const Features&) const = default;

private:
    [[nodiscard]] static constexpr std::uint32_t bit(Feature feature) {
        return std::uint32_t{1} << static_cast<unsigned>(feature);
    }
    std::uint32_t bits_ = 0;
};

/// What can be switched: every supported feature but those of WebAssembly 1.0, in the order of
/// features.def.
[[nodiscard]] std::vector<Feature> switchable_features();

/// The name of a feature as `--disable-NAME` spells it, such as `bulk-memory`.
[[nodiscard]] const char* to_string(Feature feature);

}  // namespace wasmax::wasm
