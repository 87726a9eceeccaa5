#include "wasm/impl/constant_expression.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/impl/opcode_table.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// An instruction that may stand in a constant expression, from a feature on.
struct ConstantExpressionDecoder::Row {
    Opcode opcode;
    Feature feature;
    Status (ConstantExpressionDecoder::*decode)(ByteReader&, ConstantInstruction&);
};

const ConstantExpressionDecoder::Row ConstantExpressionDecoder::kRows[] = {
    {Opcode::i32_const, Feature::mvp, &ConstantExpressionDecoder::decode_i32_const},
    {Opcode::i64_const, Feature::mvp, &ConstantExpressionDecoder::decode_i64_const},
    {Opcode::f32_const, Feature::mvp, &ConstantExpressionDecoder::decode_f32_const},
    {Opcode::f64_const, Feature::mvp, &ConstantExpressionDecoder::decode_f64_const},
    {Opcode::v128_const, Feature::simd, &ConstantExpressionDecoder::decode_v128_const},
    {Opcode::global_get, Feature::mvp, &ConstantExpressionDecoder::decode_global_get},
    {Opcode::ref_null, Feature::reference_types, &ConstantExpressionDecoder::decode_ref_null},
    {Opcode::ref_func, Feature::reference_types, &ConstantExpressionDecoder::decode_ref_func},
    {Opcode::i32_add, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
    {Opcode::i32_sub, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
    {Opcode::i32_mul, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
    {Opcode::i64_add, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
    {Opcode::i64_sub, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
    {Opcode::i64_mul, Feature::extended_const, &ConstantExpressionDecoder::decode_numeric},
};

ModuleError ConstantExpressionDecoder::invalid(std::uint64_t offset, std::string message) {
    return {.kind = ModuleError::Kind::invalid,
            .offset = offset,
            .message = std::move(message),
            .section = {}};
}

/// Null for `end`.
auto ConstantExpressionDecoder::read_row(ByteReader& reader) const
    -> Result<const Row*, ModuleError> {
    const std::uint64_t offset = reader.offset();
    const OpcodeInfo* info = TRY(read_opcode(reader, features_));
    if (info->opcode == Opcode::end) {
        return static_cast<const Row*>(nullptr);
    }
    const Row* row = std::ranges::find(kRows, info->opcode, &Row::opcode);
    if (row == std::end(kRows) || !features_.has(row->feature)) {
        return fail(
            invalid(offset, std::string("constant expression required: found ") + info->text));
    }
    return row;
}

Result<ConstantExpression, ModuleError> ConstantExpressionDecoder::decode(ByteReader& reader,
                                                                          ValueType expected) {
    ConstantExpression expression;
    operands_.clear();
    for (;;) {
        const std::uint64_t offset = reader.offset();
        const Row* row = TRY(read_row(reader));
        if (row == nullptr) {
            TRY(check_result(offset, expected));
            return expression;
        }
        ConstantInstruction instruction{
            .opcode = row->opcode, .bits = 0, .high_bits = 0, .type = ValueType::bottom};
        TRY((this->*row->decode)(reader, instruction));
        expression.push_back(instruction);
    }
}

auto ConstantExpressionDecoder::check_result(std::uint64_t offset, ValueType expected) const
    -> Status {
    if (operands_.size() != 1) {
        return fail(invalid(offset, "type mismatch: expected one value, found " +
                                        std::to_string(operands_.size())));
    }
    if (!is_subtype(operands_.back(), expected)) {
        return fail(invalid(offset, "type mismatch: expected " + to_string(expected) + ", found " +
                                        to_string(operands_.back())));
    }
    return {};
}

auto ConstantExpressionDecoder::decode_i32_const(ByteReader& reader,
                                                 ConstantInstruction& instruction) -> Status {
    instruction.bits = static_cast<std::uint32_t>(TRY(reader.s32()));
    operands_.push_back(ValueType::i32);
    return {};
}

auto ConstantExpressionDecoder::decode_i64_const(ByteReader& reader,
                                                 ConstantInstruction& instruction) -> Status {
    instruction.bits = static_cast<std::uint64_t>(TRY(reader.s64()));
    operands_.push_back(ValueType::i64);
    return {};
}

auto ConstantExpressionDecoder::decode_f32_const(ByteReader& reader,
                                                 ConstantInstruction& instruction) -> Status {
    instruction.bits = TRY(reader.fixed32());
    operands_.push_back(ValueType::f32);
    return {};
}

auto ConstantExpressionDecoder::decode_f64_const(ByteReader& reader,
                                                 ConstantInstruction& instruction) -> Status {
    instruction.bits = TRY(reader.fixed64());
    operands_.push_back(ValueType::f64);
    return {};
}

auto ConstantExpressionDecoder::decode_v128_const(ByteReader& reader,
                                                  ConstantInstruction& instruction) -> Status {
    instruction.bits = TRY(reader.fixed64());
    instruction.high_bits = TRY(reader.fixed64());
    operands_.push_back(ValueType::v128);
    return {};
}

auto ConstantExpressionDecoder::decode_ref_null(ByteReader& reader,
                                                ConstantInstruction& instruction) -> Status {
    instruction.type = TRY(read_heap_type(reader, {features_, module_.canonical_types}));
    operands_.push_back(instruction.type);
    return {};
}

auto ConstantExpressionDecoder::decode_ref_func(ByteReader& reader,
                                                ConstantInstruction& instruction) -> Status {
    const std::uint64_t offset = reader.offset();
    const FunctionIndex function{TRY(reader.u32())};
    if (function.value >= module_.function_types.size()) {
        return fail(invalid(offset, "unknown function " + std::to_string(function.value)));
    }
    instruction.bits = function.value;
    module_.declared_functions.push_back(function);
    operands_.push_back(module_.reference_to(function));
    return {};
}

auto ConstantExpressionDecoder::decode_global_get(ByteReader& reader,
                                                  ConstantInstruction& instruction) -> Status {
    const std::uint64_t offset = reader.offset();
    const std::uint32_t global = TRY(reader.u32());
    // WebAssembly 2.0 sees imported globals only. With extended constant expressions (which 3.0
    // merged with garbage collection's rule) any global defined before is visible.
    const std::size_t visible = features_.has(Feature::extended_const) ? module_.global_types.size()
                                                                       : module_.imported_globals;
    if (global >= visible) {
        return fail(invalid(offset, "unknown global " + std::to_string(global)));
    }
    const GlobalType& type = module_.global_types[global];
    if (type.is_mutable) {
        return fail(invalid(offset, "constant expression required: global " +
                                        std::to_string(global) + " is mutable"));
    }
    instruction.bits = global;
    operands_.push_back(type.value);
    return {};
}

auto ConstantExpressionDecoder::decode_numeric(ByteReader& reader, ConstantInstruction& instruction)
    -> Status {
    const OpcodeTypes& types = kOpcodeTypes[static_cast<std::size_t>(instruction.opcode)];
    for (std::size_t i = types.parameter_count; i-- > 0;) {
        if (operands_.empty() || operands_.back() != types.parameters[i]) {
            return fail(invalid(reader.offset(),
                                "type mismatch: " + std::string(to_string(instruction.opcode)) +
                                    " expects " + to_string(types.parameters[i])));
        }
        operands_.pop_back();
    }
    operands_.push_back(types.result);
    return {};
}

}  // namespace wasmax::wasm
