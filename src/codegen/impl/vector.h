#pragma once

#include <cstdint>
#include <span>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Value.h>

#include "codegen/impl/numeric.h"
#include "wasm/opcode.h"

namespace wasmax::codegen {

class FunctionEmitter;
struct VectorRow;

/// How an instruction sees a v128, which travels as two 64-bit lanes. wasm: syntax-shape
enum class Shape : std::uint8_t { i8x16, i16x8, i32x4, i64x2, f32x4, f64x2 };

/// Emits the instruction of a row. `operands` are as many as the instruction takes; vectors among
/// them have the row's shape. A result that is a vector may have any.
using VectorEmit = llvm::Value* (*)(FunctionEmitter&, const VectorRow&,
                                    std::span<llvm::Value* const> operands);

/// A vector instruction without immediates (vector.cpp has the table).
struct VectorRow {
    wasm::Opcode opcode;
    Shape shape;  ///< of the operands
    VectorEmit emit;
    /// What `emit` needs to know: an LLVM instruction, comparison or intrinsic, for example.
    std::uint32_t argument = 0;
    /// For emit_lanes.
    NumericEmit lanes = nullptr;
};

[[nodiscard]] llvm::FixedVectorType* vector_type(llvm::LLVMContext& context, Shape shape);
/// A vector with the bits of `value` seen as `shape`.
[[nodiscard]] llvm::Value* as_shape(llvm::IRBuilder<>& builder, llvm::Value* value, Shape shape);

/// Which half of a vector's lanes, and how they widen.
enum class Widening : std::uint32_t { low_s, high_s, low_u, high_u };

// vector_integer.cpp. `argument` in brackets.
/// What the instruction on numbers does, for each lane. [that instruction's]
llvm::Value* emit_lanes(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_splat(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_not(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_andnot(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_bitselect(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_any_true(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_all_true(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_bitmask(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [a shift instruction]
llvm::Value* emit_vector_shift(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [a comparison]
llvm::Value* emit_vector_compare(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_vector_abs(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_vector_neg(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_average(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [a Widening]
llvm::Value* emit_extend(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [a Widening]
llvm::Value* emit_extended_multiply(FunctionEmitter&, const VectorRow&,
                                    std::span<llvm::Value* const>);
/// [a shift instruction that fills up as the extension does]
llvm::Value* emit_pairwise_addition(FunctionEmitter&, const VectorRow&,
                                    std::span<llvm::Value* const>);

// vector_x86.cpp: where one instruction of the processor does it and LLVM has no pattern.
/// [an x86 intrinsic that takes the operands and whose result is the instruction's]
llvm::Value* emit_x86(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// The same with its two operands in the other order.
llvm::Value* emit_x86_swapped(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_swizzle(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_q15_multiply(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_dot_i7(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_dot_i7_add(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_trunc_sat_s(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_trunc_sat_u(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_trunc_sat_zero_s(FunctionEmitter&, const VectorRow&,
                                   std::span<llvm::Value* const>);
llvm::Value* emit_trunc_sat_zero_u(FunctionEmitter&, const VectorRow&,
                                   std::span<llvm::Value* const>);

// vector_float.cpp
/// [a cast instruction to lanes of the same width]
llvm::Value* emit_vector_convert(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [a cast instruction from the low half to f64x2]
llvm::Value* emit_convert_low(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_demote_zero(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
/// [fptosi_sat, fptoui_sat]
llvm::Value* emit_multiply_add(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);
llvm::Value* emit_negative_multiply_add(FunctionEmitter&, const VectorRow&,
                                        std::span<llvm::Value* const>);
llvm::Value* emit_lane_select(FunctionEmitter&, const VectorRow&, std::span<llvm::Value* const>);

}  // namespace wasmax::codegen
