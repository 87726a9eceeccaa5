#pragma once

// FunctionDecoder: a body from its locals to its last `end`, refusals, indices. wasm: valid-func,
// binary-code

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
Result<void, ModuleError> FunctionDecoder<Sink>::decode(FunctionIndex function, Sink& sink) {
    sink_ = &sink;
    if (!decode_body(function).has_value()) {
        error_.section = "function " + std::to_string(function.value);
        return fail(std::move(error_));
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_body(FunctionIndex function) -> Checked<void> {
    WASMAX_ASSERT(function.value >= module_.imported_functions &&
                  function.value - module_.imported_functions < module_.bodies.size());
    const FunctionBody& body = module_.bodies[function.value - module_.imported_functions];
    const FunctionType& type = module_.type_of(function);
    reader_ = ByteReader(body.bytes, body.offset);
    instruction_offset_ = body.offset;
    operands_.truncate(0);
    frames_.clear();
    block_types_.clear();
    movable_ = kMaxMovedValues + kMaxMovedValuesPerByte * body.bytes.size();
    TRY(decode_locals(type));
    live_ = true;
    const auto declared = std::span<const ValueType>(locals_).subspan(type.parameters.size());
    push_frame(FrameKind::function, {.parameters = {}, .results = type.results},
               sink_->begin_function(type, declared));
    while (!frames_.empty()) {
        TRY(decode_instruction());
    }
    if (!reader_.at_end()) {
        return malformed("section size mismatch: bytes after the end of the function");
    }
    return {};
}

/// wasm: binary-local
template <class Sink>
auto FunctionDecoder<Sink>::decode_locals(const FunctionType& type) -> Checked<void> {
    locals_.assign(type.parameters.begin(), type.parameters.end());
    std::uint32_t groups = TRY(read(reader_.u32()));
    for (; groups > 0; --groups) {
        instruction_offset_ = reader_.offset();
        const std::uint32_t count = TRY(read(reader_.u32()));
        const ValueType local = TRY(read(read_value_type(reader_, type_scope())));
        if (count > kMaxLocals || locals_.size() + count > kMaxLocals) {
            return refuse(ModuleError::Kind::limit,
                          "too many locals: more than " + std::to_string(kMaxLocals));
        }
        locals_.insert(locals_.end(), count, local);
    }
    initialized_.clear();
    initializations_.clear();
    if (!std::ranges::all_of(std::span(locals_).subspan(type.parameters.size()),
                             &ValueType::is_defaultable)) {
        initialized_.assign(locals_.size(), false);
        std::fill_n(initialized_.begin(), type.parameters.size(), true);
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_opcode() -> Checked<const OpcodeInfo*> {
    instruction_offset_ = reader_.offset();
    if (reader_.at_end()) [[unlikely]] {
        return malformed("END opcode expected: the body ends inside a block");
    }
    const OpcodeInfo* row = find_opcode(static_cast<std::uint8_t>(reader_.peek()));
    if (row == nullptr || !features_.has(row->feature)) [[unlikely]] {
        return decode_rare_opcode();
    }
    reader_.skip_byte();
    return row;
}

/// One with a prefix, or an error.
template <class Sink>
auto FunctionDecoder<Sink>::decode_rare_opcode() -> Checked<const OpcodeInfo*> {
    return read(read_opcode(reader_, features_));
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_instruction() -> Checked<void> {
    const OpcodeInfo* row = TRY(decode_opcode());
    if (live_) {
        sink_->at(instruction_offset_);
    }
    TRY(dispatch(*row));
    if (operands_.size() > kMaxOperands) [[unlikely]] {
        return refuse(ModuleError::Kind::limit,
                      "more than " + std::to_string(kMaxOperands) + " operands on the stack");
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::dispatch(const OpcodeInfo& row) -> Checked<void> {
    switch (row.opcode) {
#define OPCODE(encoding, name, text, immediates, handler, parameters, results, feature) \
    case Opcode::name:                                                                  \
        return decode_##handler(row);
#include "wasm/opcodes.def"
    }
    __builtin_unreachable();
}

template <class Sink>
auto FunctionDecoder<Sink>::refuse(ModuleError error) -> Failure<Refused> {
    error_ = std::move(error);
    return fail(Refused{});
}

template <class Sink>
auto FunctionDecoder<Sink>::refuse(ModuleError::Kind kind, std::string message)
    -> Failure<Refused> {
    return refuse(ModuleError{
        .kind = kind, .offset = instruction_offset_, .message = std::move(message), .section = {}});
}

template <class Sink>
auto FunctionDecoder<Sink>::invalid(std::string message) -> Failure<Refused> {
    return refuse(ModuleError::Kind::invalid, std::move(message));
}

template <class Sink>
auto FunctionDecoder<Sink>::malformed(std::string message) -> Failure<Refused> {
    return refuse(ModuleError::Kind::malformed, std::move(message));
}

template <class Sink>
auto FunctionDecoder<Sink>::unknown(const char* what, std::uint64_t index) -> Failure<Refused> {
    return invalid(std::string("unknown ") + what + " " + std::to_string(index));
}

template <class Sink>
auto FunctionDecoder<Sink>::mismatch(ValueType expected, ValueType found) -> Failure<Refused> {
    return invalid("type mismatch: expected " + to_string(expected) + ", found " +
                   to_string(found));
}

template <class Sink>
auto FunctionDecoder<Sink>::underflow(ValueType expected) -> Failure<Refused> {
    return invalid("type mismatch: expected " + to_string(expected) + ", found an empty stack");
}

template <class Sink>
template <class T, class E>
auto FunctionDecoder<Sink>::read(Result<T, E> result) -> Checked<T> {
    if (!result.has_value()) [[unlikely]] {
        return refuse(ModuleError(std::move(result).error()));
    }
    return std::move(result).value();
}

template <class Sink>
auto FunctionDecoder<Sink>::read_index(const char* what, std::size_t count)
    -> Checked<std::uint32_t> {
    const std::uint32_t index = TRY(read(reader_.u32()));
    if (index >= count) [[unlikely]] {
        return unknown(what, index);
    }
    return index;
}

template <class Sink>
auto FunctionDecoder<Sink>::read_index_or_zero(const char* what, std::size_t count, Feature feature)
    -> Checked<std::uint32_t> {
    if (!features_.has(feature) && reader_.peek() > 0) [[unlikely]] {
        return malformed(std::string("zero byte expected: feature ") + to_string(feature) +
                         " is not enabled");
    }
    return read_index(what, count);
}

}  // namespace wasmax::wasm
