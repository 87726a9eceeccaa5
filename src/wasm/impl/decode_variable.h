#pragma once

// FunctionDecoder: parametric and variable instructions. wasm: valid-instr-parametric,
// valid-instr-variable

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::decode_drop(const OpcodeInfo&) -> Checked<void> {
    const ValueType type = TRY(top_type());
    const Value value = TRY(pop(type));
    if (live_) {
        sink_->drop(value, type);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_select(const OpcodeInfo&) -> Checked<void> {
    const Value condition = TRY(pop(ValueType::i32));
    const ValueType second = TRY(top_type());
    const Value if_false = TRY(pop(second));
    const ValueType first = TRY(top_type());
    if (first.is_ref() || second.is_ref()) {
        return invalid("type mismatch: select of references needs a type");
    }
    const Value if_true = TRY(pop(second));
    const ValueType type = second == ValueType::bottom ? first : second;
    push(type, live_ ? sink_->select(type, if_true, if_false, condition) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_select_t(const OpcodeInfo&) -> Checked<void> {
    if (TRY(read(reader_.u32())) != 1) {
        return invalid("invalid result arity: select has one type");
    }
    const ValueType type = TRY(read(read_value_type(reader_, type_scope())));
    const Value condition = TRY(pop(ValueType::i32));
    const Value if_false = TRY(pop(type));
    const Value if_true = TRY(pop(type));
    push(type, live_ ? sink_->select(type, if_true, if_false, condition) : Value{});
    return {};
}

template <class Sink>
void FunctionDecoder<Sink>::initialize(LocalIndex local) {
    if (!initialized_.empty() && !initialized_[local.value]) [[unlikely]] {
        initialized_[local.value] = true;
        initializations_.push_back(local);
    }
}

template <class Sink>
void FunctionDecoder<Sink>::leave_initializations() {
    while (initializations_.size() > frame().initializations) {
        initialized_[initializations_.back().value] = false;
        initializations_.pop_back();
    }
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_local_get(const OpcodeInfo&) -> Checked<void> {
    const LocalIndex local{TRY(read_index("local", locals_.size()))};
    if (!initialized_.empty() && !initialized_[local.value] &&
        !locals_[local.value].is_defaultable()) [[unlikely]] {
        return invalid("uninitialized local " + std::to_string(local.value));
    }
    push(locals_[local.value], live_ ? sink_->local_get(local) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_local_set(const OpcodeInfo&) -> Checked<void> {
    const LocalIndex local{TRY(read_index("local", locals_.size()))};
    const Value value = TRY(pop(locals_[local.value]));
    initialize(local);
    if (live_) {
        sink_->local_set(local, value);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_local_tee(const OpcodeInfo&) -> Checked<void> {
    const LocalIndex local{TRY(read_index("local", locals_.size()))};
    const Value value = TRY(pop(locals_[local.value]));
    initialize(local);
    if (live_) {
        sink_->local_set(local, value);
    }
    push(locals_[local.value], value);
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_global_get(const OpcodeInfo&) -> Checked<void> {
    const GlobalIndex global{TRY(read_index("global", module_.global_types.size()))};
    push(module_.global_types[global.value].value, live_ ? sink_->global_get(global) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_global_set(const OpcodeInfo&) -> Checked<void> {
    const GlobalIndex global{TRY(read_index("global", module_.global_types.size()))};
    const GlobalType& type = module_.global_types[global.value];
    if (!type.is_mutable) {
        return invalid("immutable global " + std::to_string(global.value));
    }
    const Value value = TRY(pop(type.value));
    if (live_) {
        sink_->global_set(global, value);
    }
    return {};
}

}  // namespace wasmax::wasm
