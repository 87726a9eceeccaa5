#pragma once

// FunctionDecoder: reference instructions. wasm: valid-instr-ref

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_null(const OpcodeInfo&) -> Checked<void> {
    const ValueType type = TRY(read(read_heap_type(reader_, type_scope())));
    push(type, live_ ? sink_->ref_null(type) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_is_null(const OpcodeInfo&) -> Checked<void> {
    const Reference reference = TRY(pop_reference());
    push(ValueType::i32, live_ ? sink_->ref_is_null(reference.value) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_func(const OpcodeInfo&) -> Checked<void> {
    const FunctionIndex function{TRY(read_index("function", module_.function_types.size()))};
    if (!std::ranges::binary_search(module_.declared_functions, function)) {
        return invalid("undeclared function reference " + std::to_string(function.value));
    }
    push(module_.reference_to(function), live_ ? sink_->ref_func(function) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_ref_as_non_null(const OpcodeInfo&) -> Checked<void> {
    const Reference reference = TRY(pop_reference());
    push(reference.type.non_null(), live_ ? sink_->ref_as_non_null(reference.value) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_br_on_null(const OpcodeInfo&) -> Checked<void> {
    Frame* target = TRY(read_label());
    const Reference reference = TRY(pop_reference());
    const auto values = TRY(pop_all(target->label_types()));
    if (live_) {
        sink_->br_on_null(target->label, reference.value, values);
        branch_to(*target);
    }
    operands_.push_types(target->label_types());
    push(reference.type.non_null(), reference.value);
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_br_on_non_null(const OpcodeInfo&) -> Checked<void> {
    Frame* target = TRY(read_label());
    const std::span<const ValueType> types = target->label_types();
    if (types.empty() || !types.back().is_ref()) {
        return invalid("type mismatch: the target of br_on_non_null takes no reference");
    }
    const Reference reference = TRY(pop_reference());
    push(reference.type.non_null(), reference.value);
    const auto values = TRY(pop_all(types));
    if (live_) {
        sink_->br_on_non_null(target->label, reference.value, values);
        branch_to(*target);
    }
    operands_.push_types(types.first(types.size() - 1));
    return {};
}

}  // namespace wasmax::wasm
