#pragma once

// FunctionDecoder: vector instructions. wasm: valid-instr-vec

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

/// A lane index below the number of lanes of the row.
template <class Sink>
auto FunctionDecoder<Sink>::read_lane(const OpcodeInfo& row) -> Checked<std::uint8_t> {
    const std::uint8_t lane = TRY(read(reader_.byte()));
    if (lane >= kLaneCounts[static_cast<std::size_t>(row.opcode)]) [[unlikely]] {
        return invalid("invalid lane index " + std::to_string(lane));
    }
    return lane;
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_v128_const(const OpcodeInfo&) -> Checked<void> {
    const std::uint64_t low = TRY(read(reader_.fixed64()));
    const std::uint64_t high = TRY(read(reader_.fixed64()));
    push(ValueType::v128, live_ ? sink_->v128_const(low, high) : Value{});
    return {};
}

/// Rows that compute and have no immediates.
template <class Sink>
auto FunctionDecoder<Sink>::decode_vector(const OpcodeInfo& row) -> Checked<void> {
    const OpcodeTypes& types = kOpcodeTypes[static_cast<std::size_t>(row.opcode)];
    const std::span<const Value> operands =
        TRY(pop_all(std::span(types.parameters).first(types.parameter_count)));
    push(types.result, live_ ? sink_->vector(row.opcode, operands) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_shuffle(const OpcodeInfo&) -> Checked<void> {
    constexpr std::uint8_t kLanesOfBoth = 32;
    std::array<std::uint8_t, 16> lanes{};
    for (std::uint8_t& lane : lanes) {
        lane = TRY(read(reader_.byte()));
        if (lane >= kLanesOfBoth) {
            return invalid("invalid lane index " + std::to_string(lane));
        }
    }
    const Value second = TRY(pop(ValueType::v128));
    const Value first = TRY(pop(ValueType::v128));
    push(ValueType::v128, live_ ? sink_->shuffle(lanes, first, second) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_extract_lane(const OpcodeInfo& row) -> Checked<void> {
    const std::uint8_t lane = TRY(read_lane(row));
    const Value vector = TRY(pop(ValueType::v128));
    push_result(row, live_ ? sink_->extract_lane(row.opcode, lane, vector) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_replace_lane(const OpcodeInfo& row) -> Checked<void> {
    const std::uint8_t lane = TRY(read_lane(row));
    const Value value = TRY(pop(kOpcodeTypes[static_cast<std::size_t>(row.opcode)].parameters[1]));
    const Value vector = TRY(pop(ValueType::v128));
    push_result(row, live_ ? sink_->replace_lane(row.opcode, lane, vector, value) : Value{});
    return {};
}

/// Loads that widen, repeat or pad what they read.
template <class Sink>
auto FunctionDecoder<Sink>::decode_vector_load(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    const Value address = TRY(pop(address_type(argument.memory)));
    push_result(row, live_ ? sink_->vector_load(row.opcode, argument, address) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_load_lane(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    const std::uint8_t lane = TRY(read_lane(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    push_result(row, live_ ? sink_->load_lane(row.opcode, argument, lane, operands[0], operands[1])
                           : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_store_lane(const OpcodeInfo& row) -> Checked<void> {
    const MemoryArgument argument = TRY(read_memory_argument(row));
    const std::uint8_t lane = TRY(read_lane(row));
    const auto operands = TRY(pop_operands(row, argument.memory));
    if (live_) {
        sink_->store_lane(row.opcode, argument, lane, operands[0], operands[1]);
    }
    return {};
}

}  // namespace wasmax::wasm
