#pragma once

// FunctionDecoder: atomic memory instructions. wasm: threads proposal, valid-instr-memory

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::pop_operands(const OpcodeInfo& row, MemoryIndex memory)
    -> Checked<std::array<Value, 3>> {
    const OpcodeTypes& types = kOpcodeTypes[static_cast<std::size_t>(row.opcode)];
    std::array<Value, 3> operands{};
    for (std::size_t i = types.parameter_count; i-- > 0;) {
        const ValueType type = types.parameters[i];
        operands[i] = TRY(pop(type == ValueType::bottom ? address_type(memory) : type));
    }
    return operands;
}

template <class Sink>
auto FunctionDecoder<Sink>::read_atomic_argument(const OpcodeInfo& row) -> Checked<MemoryArgument> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    if (argument.align_log2 != kAccessBytesLog2[static_cast<std::size_t>(row.opcode)])
        [[unlikely]] {
        return invalid("atomic alignment must be natural");
    }
    return argument;
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_load(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(row, live_ ? sink_->atomic_load(row.opcode, argument, operands[0]) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_store(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    if (live_) {
        sink_->atomic_store(row.opcode, argument, operands[0], operands[1]);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_rmw(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(
        row, live_ ? sink_->atomic_rmw(row.opcode, argument, operands[0], operands[1]) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_cmpxchg(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(row, live_ ? sink_->atomic_cmpxchg(row.opcode, argument, operands[0], operands[1],
                                                   operands[2])
                           : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_wait(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(
        row, live_ ? sink_->atomic_wait(row.opcode, argument, operands[0], operands[1], operands[2])
                   : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_notify(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_atomic_argument(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(row, live_ ? sink_->atomic_notify(argument, operands[0], operands[1]) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_atomic_fence(const OpcodeInfo&) -> Checked<void> {
    if (TRY(read(reader_.byte())) != 0) {
        return malformed("zero byte expected");
    }
    if (live_) {
        sink_->atomic_fence();
    }
    return {};
}

}  // namespace wasmax::wasm
