#pragma once

#include <cstdint>
#include <span>

#include <llvm/IR/Value.h>

#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::codegen {

class FunctionEmitter;

struct NumericRow;

/// Emits the instruction of a row. `operands` are as many as the instruction takes.
using NumericEmit = llvm::Value* (*)(FunctionEmitter&, const NumericRow&,
                                     std::span<llvm::Value* const> operands);

/// A numeric instruction (numeric.cpp has the table).
struct NumericRow {
    wasm::Opcode opcode;
    NumericEmit emit;
    /// What `emit` needs to know: an LLVM instruction, comparison or intrinsic, or a number of
    /// bits.
    std::uint32_t argument = 0;
    wasm::ValueType::Kind result = wasm::ValueType::Kind::i32;
};

/// wasm: op-idiv, op-irem
enum class Division : std::uint32_t { div_s, div_u, rem_s, rem_u };

// numeric_integer.cpp. `argument` in brackets.
llvm::Value* emit_binary(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_shift(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_rotate(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_division(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_compare(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_eqz(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
/// [ctlz, cttz]
llvm::Value* emit_count_zeros(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
/// [bits that count]
llvm::Value* emit_sign_extension(FunctionEmitter&, const NumericRow&,
                                 std::span<llvm::Value* const>);

// numeric_float.cpp
/// [an intrinsic whose operands all have the type of the result]
llvm::Value* emit_intrinsic(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_negation(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_float_arithmetic(FunctionEmitter&, const NumericRow&,
                                   std::span<llvm::Value* const>);
/// [the comparison that chooses: FCMP_OLT for min, FCMP_OGT for max]
llvm::Value* emit_float_extremum(FunctionEmitter&, const NumericRow&,
                                 std::span<llvm::Value* const>);

// numeric_conversion.cpp
/// [a cast instruction]
llvm::Value* emit_cast(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
llvm::Value* emit_demotion(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
/// [FPToSI, FPToUI]
llvm::Value* emit_truncation(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);
/// [fptosi_sat, fptoui_sat]
llvm::Value* emit_saturation(FunctionEmitter&, const NumericRow&, std::span<llvm::Value* const>);

}  // namespace wasmax::codegen
