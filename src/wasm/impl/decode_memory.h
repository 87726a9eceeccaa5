#pragma once

// FunctionDecoder: memory instructions. wasm: valid-instr-memory

#include <limits>

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::read_memory() -> Checked<MemoryIndex> {
    return MemoryIndex{
        TRY(read_index_or_zero("memory", module_.memory_types.size(), Feature::multi_memory))};
}

template <class Sink>
auto FunctionDecoder<Sink>::read_data() -> Checked<DataIndex> {
    if (!module_.data_count.has_value()) {
        return malformed("data count section required");
    }
    return DataIndex{TRY(read_index("data segment", *module_.data_count))};
}

/// wasm: binary-memarg
template <class Sink>
auto FunctionDecoder<Sink>::read_memory_argument(const OpcodeInfo& row) -> Checked<MemoryArgument> {
    constexpr std::uint32_t kHasMemory = 0x40;
    std::uint32_t flags = TRY(read(reader_.u32()));
    MemoryArgument argument;
    if (flags >= 2 * kHasMemory) [[unlikely]] {
        return malformed("malformed memop flags");
    }
    if (flags >= kHasMemory && !features_.has(Feature::multi_memory)) [[unlikely]] {
        return refuse(feature_error(Feature::multi_memory, instruction_offset_));
    }
    if (flags >= kHasMemory) {
        argument.memory = TRY(read_memory());
        flags -= kHasMemory;
    } else if (module_.memory_types.empty()) [[unlikely]] {
        return unknown("memory", 0);
    }
    argument.align_log2 = flags;
    argument.offset = TRY(read(reader_.u64()));
    if (argument.align_log2 > kAccessBytesLog2[static_cast<std::size_t>(row.opcode)]) [[unlikely]] {
        return invalid("alignment must not be larger than natural");
    }
    if (argument.offset > std::numeric_limits<std::uint32_t>::max() &&
        address_type(argument.memory) == ValueType::i32) [[unlikely]] {
        return invalid("offset out of range");
    }
    return argument;
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_load(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    const Value address = TRY(pop(address_type(argument.memory)));
    push(kOpcodeTypes[static_cast<std::size_t>(row.opcode)].result,
         live_ ? sink_->load(row.opcode, argument, address) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_store(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    const Value value = TRY(pop(kOpcodeTypes[static_cast<std::size_t>(row.opcode)].parameters[1]));
    const Value address = TRY(pop(address_type(argument.memory)));
    if (live_) {
        sink_->store(row.opcode, argument, address, value);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_memory_size(const OpcodeInfo&) -> Checked<void> {
    const MemoryIndex memory = TRY(read_memory());
    push(address_type(memory), live_ ? sink_->memory_size(memory) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_memory_grow(const OpcodeInfo&) -> Checked<void> {
    const MemoryIndex memory = TRY(read_memory());
    const Value pages = TRY(pop(address_type(memory)));
    push(address_type(memory), live_ ? sink_->memory_grow(memory, pages) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_memory_fill(const OpcodeInfo&) -> Checked<void> {
    const MemoryIndex memory = TRY(read_memory());
    const Value count = TRY(pop(address_type(memory)));
    const Value byte = TRY(pop(ValueType::i32));
    const Value address = TRY(pop(address_type(memory)));
    if (live_) {
        sink_->memory_fill(memory, address, byte, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_memory_copy(const OpcodeInfo&) -> Checked<void> {
    const MemoryIndex to = TRY(read_memory());
    const MemoryIndex from = TRY(read_memory());
    const Value count = TRY(pop(smaller(address_type(to), address_type(from))));
    const Value from_address = TRY(pop(address_type(from)));
    const Value to_address = TRY(pop(address_type(to)));
    if (live_) {
        sink_->memory_copy(to, from, to_address, from_address, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_memory_init(const OpcodeInfo&) -> Checked<void> {
    const DataIndex data = TRY(read_data());
    const MemoryIndex memory = TRY(read_memory());
    const Value count = TRY(pop(ValueType::i32));
    const Value offset = TRY(pop(ValueType::i32));
    const Value address = TRY(pop(address_type(memory)));
    if (live_) {
        sink_->memory_init(memory, data, address, offset, count);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_data_drop(const OpcodeInfo&) -> Checked<void> {
    const DataIndex data = TRY(read_data());
    if (live_) {
        sink_->data_drop(data);
    }
    return {};
}

}  // namespace wasmax::wasm
