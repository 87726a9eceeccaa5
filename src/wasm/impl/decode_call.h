#pragma once

// FunctionDecoder: calls. wasm: valid-instr-control

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::decode_call(const OpcodeInfo&) -> Checked<void> {
    const FunctionIndex callee{TRY(read_index("function", module_.function_types.size()))};
    const FunctionType& type = module_.type_of(callee);
    const auto arguments = TRY(pop_all(type.parameters));
    const auto results = scratch(type.results.size());
    TRY(charge(arguments.size() + results.size()));
    if (live_) {
        sink_->call(callee, type, arguments, results);
    }
    operands_.push_all(type.results, results);
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::read_indirect_callee() -> Checked<IndirectCallee> {
    const TypeIndex type_index = TRY(read_type());
    const TableIndex table{
        TRY(read_index_or_zero("table", module_.table_types.size(), Feature::reference_types))};
    if (!element_type(table).is_function_ref()) {
        return invalid("type mismatch: call_indirect needs a table of functions, not of " +
                       to_string(element_type(table)));
    }
    return IndirectCallee{type_index, table, TRY(pop(address_type(table)))};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_call_indirect(const OpcodeInfo&) -> Checked<void> {
    const IndirectCallee callee = TRY(read_indirect_callee());
    const FunctionType& type = module_.type(callee.type);
    const auto arguments = TRY(pop_all(type.parameters));
    const auto results = scratch(type.results.size());
    TRY(charge(arguments.size() + results.size()));
    if (live_) {
        sink_->call_indirect(callee.table, callee.type, type, callee.index, arguments, results);
    }
    operands_.push_all(type.results, results);
    return {};
}

/// Of a callee whose results become this function's.
template <class Sink>
auto FunctionDecoder<Sink>::require_own_results(const FunctionType& callee) -> Checked<void> {
    if (!std::ranges::equal(callee.results, frames_.front().signature.results, is_subtype)) {
        return invalid("type mismatch: a tail call to a function of type " + to_string(callee) +
                       " returns other results than this function's");
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_return_call(const OpcodeInfo&) -> Checked<void> {
    const FunctionIndex callee{TRY(read_index("function", module_.function_types.size()))};
    const FunctionType& type = module_.type_of(callee);
    TRY(require_own_results(type));
    const auto arguments = TRY(pop_all(type.parameters));
    if (live_) {
        sink_->return_call(callee, type, arguments);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_return_call_indirect(const OpcodeInfo&) -> Checked<void> {
    const IndirectCallee callee = TRY(read_indirect_callee());
    const FunctionType& type = module_.type(callee.type);
    TRY(require_own_results(type));
    const auto arguments = TRY(pop_all(type.parameters));
    if (live_) {
        sink_->return_call_indirect(callee.table, callee.type, type, callee.index, arguments);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::pop_callee(TypeIndex type) -> Checked<Value> {
    return pop(ValueType::ref(HeapKind::defined, true, module_.canonical_types[type.value]));
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_call_ref(const OpcodeInfo&) -> Checked<void> {
    const TypeIndex type_index = TRY(read_type());
    const FunctionType& type = module_.type(type_index);
    const Value reference = TRY(pop_callee(type_index));
    const auto arguments = TRY(pop_all(type.parameters));
    const auto results = scratch(type.results.size());
    TRY(charge(arguments.size() + results.size()));
    if (live_) {
        sink_->call_ref(type, reference, arguments, results);
    }
    operands_.push_all(type.results, results);
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_return_call_ref(const OpcodeInfo&) -> Checked<void> {
    const TypeIndex type_index = TRY(read_type());
    const FunctionType& type = module_.type(type_index);
    TRY(require_own_results(type));
    const Value reference = TRY(pop_callee(type_index));
    const auto arguments = TRY(pop_all(type.parameters));
    if (live_) {
        sink_->return_call_ref(type, reference, arguments);
    }
    set_unreachable();
    return {};
}

}  // namespace wasmax::wasm
