#pragma once

// FunctionDecoder: table and reference instructions. wasm: valid-instr-table, valid-instr-ref

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::read_table() -> Checked<TableIndex> {
    return TableIndex{TRY(read_index("table", module_.table_types.size()))};
}

template <class Sink>
auto FunctionDecoder<Sink>::read_element() -> Checked<ElementIndex> {
    return ElementIndex{TRY(read_index("elem segment", module_.elements.size()))};
}

template <class Sink>
auto FunctionDecoder<Sink>::require_same_element_type(ValueType to, ValueType from)
    -> Checked<void> {
    if (!matches(from, to)) {
        return mismatch(to, from);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_get(const OpcodeInfo&) -> Checked<void> {
    const TableIndex table = TRY(read_table());
    const Value index = TRY(pop(address_type(table)));
    push(element_type(table), live_ ? sink_->table_get(table, index) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_set(const OpcodeInfo&) -> Checked<void> {
    const TableIndex table = TRY(read_table());
    const Value reference = TRY(pop(element_type(table)));
    const Value index = TRY(pop(address_type(table)));
    if (live_) {
        sink_->table_set(table, index, reference);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_size(const OpcodeInfo&) -> Checked<void> {
    const TableIndex table = TRY(read_table());
    push(address_type(table), live_ ? sink_->table_size(table) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_grow(const OpcodeInfo&) -> Checked<void> {
    const TableIndex table = TRY(read_table());
    const Value count = TRY(pop(address_type(table)));
    const Value reference = TRY(pop(element_type(table)));
    push(address_type(table), live_ ? sink_->table_grow(table, reference, count) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_fill(const OpcodeInfo&) -> Checked<void> {
    const TableIndex table = TRY(read_table());
    const Value count = TRY(pop(address_type(table)));
    const Value reference = TRY(pop(element_type(table)));
    const Value index = TRY(pop(address_type(table)));
    if (live_) {
        sink_->table_fill(table, index, reference, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_copy(const OpcodeInfo&) -> Checked<void> {
    const TableIndex to = TRY(read_table());
    const TableIndex from = TRY(read_table());
    TRY(require_same_element_type(element_type(to), element_type(from)));
    const Value count = TRY(pop(smaller(address_type(to), address_type(from))));
    const Value from_index = TRY(pop(address_type(from)));
    const Value to_index = TRY(pop(address_type(to)));
    if (live_) {
        sink_->table_copy(to, from, to_index, from_index, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_table_init(const OpcodeInfo&) -> Checked<void> {
    const ElementIndex element = TRY(read_element());
    const TableIndex table = TRY(read_table());
    TRY(require_same_element_type(element_type(table), module_.elements[element.value].type));
    const Value count = TRY(pop(ValueType::i32));
    const Value offset = TRY(pop(ValueType::i32));
    const Value index = TRY(pop(address_type(table)));
    if (live_) {
        sink_->table_init(table, element, index, offset, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_elem_drop(const OpcodeInfo&) -> Checked<void> {
    const ElementIndex element = TRY(read_element());
    if (live_) {
        sink_->elem_drop(element);
    }
    return {};
}

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
