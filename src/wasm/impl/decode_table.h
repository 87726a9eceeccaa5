#pragma once

// FunctionDecoder: table instructions. wasm: valid-instr-table

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

}  // namespace wasmax::wasm
