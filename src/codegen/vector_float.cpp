#include <cstdint>
#include <span>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/vector.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

/// Lanes 0 and 1.
llvm::Value* low_pair(llvm::IRBuilder<>& builder, llvm::Value* vector) {
    return builder.CreateShuffleVector(vector, {0, 1});
}

/// Two lanes and two zeros.
llvm::Value* with_zeros(llvm::IRBuilder<>& builder, llvm::Value* pair) {
    return builder.CreateShuffleVector(pair, llvm::Constant::getNullValue(pair->getType()),
                                       {0, 1, 2, 3});
}

llvm::Value* fused_or_not(llvm::IRBuilder<>& builder, llvm::Value* a, llvm::Value* b,
                          llvm::Value* c) {
    // One instruction where the processor has it, two where not: never a call of fma().
    return builder.CreateIntrinsic(llvm::Intrinsic::fmuladd, {a->getType()}, {a, b, c});
}

}  // namespace

llvm::Value* emit_vector_convert(FunctionEmitter& emitter, const VectorRow& row,
                                 Operands operands) {
    return emitter.builder().CreateCast(static_cast<llvm::Instruction::CastOps>(row.argument),
                                        operands[0],
                                        vector_type(emitter.builder().getContext(), Shape::f32x4));
}

llvm::Value* emit_convert_low(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    return emitter.builder().CreateCast(static_cast<llvm::Instruction::CastOps>(row.argument),
                                        low_pair(emitter.builder(), operands[0]),
                                        vector_type(emitter.builder().getContext(), Shape::f64x2));
}

llvm::Value* emit_demote_zero(FunctionEmitter& emitter, const VectorRow& /*row*/,
                              Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Type* pair = llvm::FixedVectorType::get(builder.getFloatTy(), 2);
    return with_zeros(builder, builder.CreateFPTrunc(operands[0], pair));
}

llvm::Value* emit_multiply_add(FunctionEmitter& emitter, const VectorRow& /*row*/,
                               Operands operands) {
    return fused_or_not(emitter.builder(), operands[0], operands[1], operands[2]);
}

llvm::Value* emit_negative_multiply_add(FunctionEmitter& emitter, const VectorRow& /*row*/,
                                        Operands operands) {
    return fused_or_not(emitter.builder(), emitter.builder().CreateFNeg(operands[0]), operands[1],
                        operands[2]);
}

llvm::Value* emit_lane_select(FunctionEmitter& emitter, const VectorRow& /*row*/,
                              Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* mask = operands[2];
    llvm::Value* set = builder.CreateICmpSLT(mask, llvm::Constant::getNullValue(mask->getType()));
    return builder.CreateSelect(set, operands[0], operands[1]);
}

}  // namespace wasmax::codegen
