#pragma once

#include <bit>
#include <cstdint>

namespace wasmax::runtime {

/// A wasm value without its type: an argument, a result, a global's contents. Its 16 bytes are
/// those of a spill slot and of a global's cell (abi/vm_context.h). wasm: syntax-val
struct alignas(16) Value {
    std::uint64_t low = 0;   ///< numbers and references; narrower ones in the low bits, zero above
    std::uint64_t high = 0;  ///< upper half of a v128

    [[nodiscard]] static constexpr Value i32(std::uint32_t value) { return {value, 0}; }
    [[nodiscard]] static constexpr Value i64(std::uint64_t value) { return {value, 0}; }
    [[nodiscard]] static constexpr Value f32(float value) {
        return {std::bit_cast<std::uint32_t>(value), 0};
    }
    [[nodiscard]] static constexpr Value f64(double value) {
        return {std::bit_cast<std::uint64_t>(value), 0};
    }
    [[nodiscard]] static constexpr Value v128(std::uint64_t low, std::uint64_t high) {
        return {low, high};
    }
    /// A `const FuncRef*` or a host reference; null is the null reference.
    [[nodiscard]] static Value reference(const void* value) {
        return {std::bit_cast<std::uintptr_t>(value), 0};
    }

    [[nodiscard]] constexpr std::uint32_t as_i32() const { return static_cast<std::uint32_t>(low); }
    [[nodiscard]] constexpr std::uint64_t as_i64() const { return low; }
    [[nodiscard]] constexpr float as_f32() const { return std::bit_cast<float>(as_i32()); }
    [[nodiscard]] constexpr double as_f64() const { return std::bit_cast<double>(low); }
    [[nodiscard]] void* as_reference() const { return std::bit_cast<void*>(low); }

    bool operator==(const Value&) const = default;
};
static_assert(sizeof(Value) == 16);

}  // namespace wasmax::runtime
