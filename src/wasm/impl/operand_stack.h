#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "wasm/types.h"

namespace wasmax::wasm {

/// Operand types and the sink's values, side by side, so that a range of values is one span.
/// A popped value stays in place until something is pushed over it: spans of popped operands are
/// valid up to the next push.
template <class Value>
class OperandStack {
public:
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Of the topmost operand; there is one.
    [[nodiscard]] ValueType top() const { return types_[size_ - 1]; }
    [[nodiscard]] ValueType type(std::size_t index) const { return types_[index]; }

    void push(ValueType type, Value value) {
        if (size_ == types_.size()) [[unlikely]] {
            grow(1);
        }
        types_[size_] = type;
        values_[size_] = value;
        ++size_;
    }
    /// Pushes types over the values that are in place: those just popped, or none that matter.
    void push_types(std::span<const ValueType> types) {
        if (types_.size() - size_ < types.size()) [[unlikely]] {
            grow(types.size());
        }
        std::ranges::copy(types, types_.begin() + offset());
        size_ += types.size();
    }
    /// `values` has as many elements as `types` and is not part of the stack.
    void push_all(std::span<const ValueType> types, std::span<const Value> values) {
        push_types(types);
        std::ranges::copy(values,
                          values_.begin() + offset() - static_cast<std::ptrdiff_t>(values.size()));
    }

    /// Removes `count` operands; there are as many.
    std::span<Value> pop(std::size_t count) {
        size_ -= count;
        return std::span(values_).subspan(size_, count);
    }
    [[nodiscard]] std::span<Value> top_values(std::size_t count) {
        return std::span(values_).subspan(size_ - count, count);
    }
    /// Drops everything above `height`, which is at most size().
    void truncate(std::size_t height) { size_ = height; }

private:
    [[nodiscard]] std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(size_); }

    [[gnu::cold, gnu::noinline]] void grow(std::size_t count) {
        constexpr std::size_t kFirstCapacity = 64;
        const std::size_t capacity = std::max({kFirstCapacity, 2 * size_, size_ + count});
        types_.resize(capacity);
        values_.resize(capacity);
    }

    // The vectors' sizes are the capacity; size_ says how much of it is in use.
    std::vector<ValueType> types_;
    std::vector<Value> values_;
    std::size_t size_ = 0;
};

}  // namespace wasmax::wasm
