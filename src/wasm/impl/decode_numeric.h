#pragma once

// FunctionDecoder: numeric instructions. wasm: valid-instr-numeric

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::decode_i32_const(const OpcodeInfo&) -> Checked<void> {
    const auto bits = static_cast<std::uint32_t>(TRY(read(reader_.s32())));
    push(ValueType::i32, live_ ? sink_->i32_const(bits) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_i64_const(const OpcodeInfo&) -> Checked<void> {
    const auto bits = static_cast<std::uint64_t>(TRY(read(reader_.s64())));
    push(ValueType::i64, live_ ? sink_->i64_const(bits) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_f32_const(const OpcodeInfo&) -> Checked<void> {
    const std::uint32_t bits = TRY(read(reader_.fixed32()));
    push(ValueType::f32, live_ ? sink_->f32_const(bits) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_f64_const(const OpcodeInfo&) -> Checked<void> {
    const std::uint64_t bits = TRY(read(reader_.fixed64()));
    push(ValueType::f64, live_ ? sink_->f64_const(bits) : Value{});
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_numeric(const OpcodeInfo& row) -> Checked<void> {
    const OpcodeTypes& types = kOpcodeTypes[static_cast<std::size_t>(row.opcode)];
    const std::span<const Value> operands =
        TRY(pop_all(std::span(types.parameters).first(types.parameter_count)));
    push(types.result, live_ ? sink_->numeric(row.opcode, operands) : Value{});
    return {};
}

}  // namespace wasmax::wasm
