#pragma once

// FunctionDecoder: the operand stack. wasm: appendix validation algorithm

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::top_type() -> Checked<ValueType> {
    if (operands_.size() == frame().height) [[unlikely]] {
        if (!frame().polymorphic) {
            return underflow(ValueType::bottom);
        }
        return ValueType::bottom;
    }
    return operands_.top();
}

template <class Sink>
auto FunctionDecoder<Sink>::pop(ValueType expected) -> Checked<Value> {
    const Frame& innermost = frames_.back();
    if (operands_.size() == innermost.height) [[unlikely]] {
        if (!innermost.polymorphic) {
            return underflow(expected);
        }
        return Value{};
    }
    if (!matches(operands_.top(), expected)) [[unlikely]] {
        return mismatch(expected, operands_.top());
    }
    return operands_.pop(1)[0];
}

template <class Sink>
auto FunctionDecoder<Sink>::charge(std::size_t count) -> Checked<void> {
    if (count > movable_) [[unlikely]] {
        return refuse(ModuleError::Kind::limit,
                      "blocks, branches and calls pass too many values for the function's size");
    }
    movable_ -= count;
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::pop_reference() -> Checked<Reference> {
    const ValueType type = TRY(top_type());
    if (type != ValueType::bottom && !type.is_ref()) {
        return invalid("type mismatch: expected a reference, found " + to_string(type));
    }
    const Value value = TRY(pop(type));
    return Reference{value, type.is_ref() ? type : ValueType::ref(HeapKind::bottom, false)};
}

template <class Sink>
auto FunctionDecoder<Sink>::pop_all(std::span<const ValueType> types) -> Checked<std::span<Value>> {
    const std::size_t available = operands_.size() - frame().height;
    if (available < types.size()) [[unlikely]] {
        // Either an error or dead code, whose values nobody looks at.
        TRY(check_top(types));
        operands_.pop(available);
        return std::span<Value>();
    }
    const std::size_t base = operands_.size() - types.size();
    for (std::size_t i = types.size(); i-- > 0;) {
        if (!matches(operands_.type(base + i), types[i])) [[unlikely]] {
            return mismatch(types[i], operands_.type(base + i));
        }
    }
    return operands_.pop(types.size());
}

/// Like pop_all, but leaves the operands where they are.
template <class Sink>
auto FunctionDecoder<Sink>::check_top(std::span<const ValueType> types) -> Checked<void> {
    const std::size_t available = operands_.size() - frame().height;
    for (std::size_t depth = 1; depth <= types.size(); ++depth) {
        const ValueType expected = types[types.size() - depth];
        if (depth > available) {
            if (!frame().polymorphic) {
                return underflow(expected);
            }
            break;
        }
        const ValueType actual = operands_.type(operands_.size() - depth);
        if (!matches(actual, expected)) {
            return mismatch(expected, actual);
        }
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::scratch(std::size_t count) -> std::span<Value> {
    if (scratch_.size() < count) {
        scratch_.resize(count);
    }
    return std::span(scratch_).first(count);
}

}  // namespace wasmax::wasm
