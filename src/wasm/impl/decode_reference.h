#pragma once

// FunctionDecoder: reference instructions. wasm: valid-instr-ref

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_null(const OpcodeInfo&) -> Checked<void> {
    const ValueType type = TRY(read(read_heap_type(reader_, features_)));
    push(type, live_ ? sink_->ref_null(type) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_is_null(const OpcodeInfo&) -> Checked<void> {
    const ValueType type = TRY(top_type());
    if (type != ValueType::bottom && !type.is_ref()) {
        return invalid("type mismatch: expected a reference, found " + to_string(type));
    }
    const Value reference = TRY(pop(type));
    push(ValueType::i32, live_ ? sink_->ref_is_null(reference) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_func(const OpcodeInfo&) -> Checked<void> {
    const FunctionIndex function{TRY(read_index("function", module_.function_types.size()))};
    if (!std::ranges::binary_search(module_.declared_functions, function)) {
        return invalid("undeclared function reference " + std::to_string(function.value));
    }
    push(ValueType::funcref, live_ ? sink_->ref_func(function) : Value{});
    return {};
}

}  // namespace wasmax::wasm
