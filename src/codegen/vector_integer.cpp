#include <cstdint>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"
#include "codegen/impl/vector.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

llvm::FixedVectorType* vector_of(llvm::Value* value) {
    return llvm::cast<llvm::FixedVectorType>(value->getType());
}

/// Half as many lanes of twice the width.
llvm::FixedVectorType* widened_type(llvm::FixedVectorType* type) {
    return llvm::FixedVectorType::get(
        llvm::IntegerType::get(type->getContext(), 2 * type->getScalarSizeInBits()),
        type->getNumElements() / 2);
}

llvm::Value* extend_half(llvm::IRBuilder<>& builder, llvm::Value* vector, Widening widening) {
    const bool is_high = widening == Widening::high_s || widening == Widening::high_u;
    const bool is_signed = widening == Widening::low_s || widening == Widening::high_s;
    const unsigned lanes = vector_of(vector)->getNumElements() / 2;
    llvm::SmallVector<int, 8> chosen;
    for (unsigned lane = 0; lane < lanes; ++lane) {
        chosen.push_back(static_cast<int>(is_high ? lanes + lane : lane));
    }
    llvm::Value* half = builder.CreateShuffleVector(vector, chosen);
    llvm::Type* type = widened_type(vector_of(vector));
    return is_signed ? builder.CreateSExt(half, type) : builder.CreateZExt(half, type);
}

}  // namespace

llvm::Value* emit_lanes(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    const NumericRow lane{.opcode = row.opcode, .emit = row.lanes, .argument = row.argument};
    return row.lanes(emitter, lane, operands);
}

llvm::Value* emit_splat(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::FixedVectorType* type = vector_type(builder.getContext(), row.shape);
    llvm::Value* lane = operands[0];
    if (lane->getType()->isIntegerTy()) {
        lane = builder.CreateTrunc(lane, type->getElementType());
    }
    return builder.CreateVectorSplat(type->getNumElements(), lane);
}

llvm::Value* emit_not(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    return emitter.builder().CreateNot(operands[0]);
}

llvm::Value* emit_andnot(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    return emitter.builder().CreateAnd(operands[0], emitter.builder().CreateNot(operands[1]));
}

llvm::Value* emit_bitselect(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* mask = operands[2];
    return builder.CreateOr(builder.CreateAnd(operands[0], mask),
                            builder.CreateAnd(operands[1], builder.CreateNot(mask)));
}

llvm::Value* emit_any_true(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    return builder.CreateZExt(
        builder.CreateIsNotNull(builder.CreateBitCast(operands[0], builder.getInt128Ty())),
        builder.getInt32Ty());
}

llvm::Value* emit_all_true(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* zeros = builder.CreateIsNull(operands[0]);
    llvm::Value* bits =
        builder.CreateBitCast(zeros, builder.getIntNTy(vector_of(operands[0])->getNumElements()));
    return builder.CreateZExt(builder.CreateIsNull(bits), builder.getInt32Ty());
}

llvm::Value* emit_bitmask(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::FixedVectorType* type = vector_of(operands[0]);
    llvm::Value* negative = builder.CreateICmpSLT(operands[0], llvm::Constant::getNullValue(type));
    return builder.CreateZExt(
        builder.CreateBitCast(negative, builder.getIntNTy(type->getNumElements())),
        builder.getInt32Ty());
}

llvm::Value* emit_vector_shift(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::FixedVectorType* type = vector_of(operands[0]);
    // Counts are modulo the width of a lane; LLVM has no meaning for larger ones.
    llvm::Value* count =
        builder.CreateAnd(operands[1], builder.getInt32(type->getScalarSizeInBits() - 1));
    count = builder.CreateZExtOrTrunc(count, type->getElementType());
    return builder.CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(row.argument), operands[0],
                               builder.CreateVectorSplat(type->getNumElements(), count));
}

llvm::Value* emit_vector_compare(FunctionEmitter& emitter, const VectorRow& row,
                                 Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* truth = builder.CreateCmp(static_cast<llvm::CmpInst::Predicate>(row.argument),
                                           operands[0], operands[1]);
    return builder.CreateSExt(truth, llvm::VectorType::getInteger(vector_of(operands[0])));
}

llvm::Value* emit_vector_abs(FunctionEmitter& emitter, const VectorRow& /*row*/,
                             Operands operands) {
    // false: the least integer stays as it is.
    return emitter.builder().CreateBinaryIntrinsic(llvm::Intrinsic::abs, operands[0],
                                                   emitter.builder().getFalse());
}

llvm::Value* emit_vector_neg(FunctionEmitter& emitter, const VectorRow& /*row*/,
                             Operands operands) {
    return emitter.builder().CreateNeg(operands[0]);
}

llvm::Value* emit_average(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::FixedVectorType* type = vector_of(operands[0]);
    llvm::Type* wide = llvm::VectorType::getExtendedElementVectorType(type);
    llvm::Value* sum = builder.CreateAdd(builder.CreateZExt(operands[0], wide),
                                         builder.CreateZExt(operands[1], wide));
    llvm::Constant* one = llvm::ConstantInt::get(wide, 1);
    return builder.CreateTrunc(builder.CreateLShr(builder.CreateAdd(sum, one), one), type);
}

llvm::Value* emit_extend(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    return extend_half(emitter.builder(), operands[0], static_cast<Widening>(row.argument));
}

llvm::Value* emit_extended_multiply(FunctionEmitter& emitter, const VectorRow& row,
                                    Operands operands) {
    const auto widening = static_cast<Widening>(row.argument);
    return emitter.builder().CreateMul(extend_half(emitter.builder(), operands[0], widening),
                                       extend_half(emitter.builder(), operands[1], widening));
}

llvm::Value* emit_pairwise_addition(FunctionEmitter& emitter, const VectorRow& row,
                                    Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    const auto shift = static_cast<llvm::Instruction::BinaryOps>(row.argument);
    llvm::FixedVectorType* type = widened_type(vector_of(operands[0]));
    llvm::Constant* half = llvm::ConstantInt::get(type, type->getScalarSizeInBits() / 2);
    // Each wide lane is a pair: its upper half is the odd lane, its lower one the even.
    llvm::Value* pairs = builder.CreateBitCast(operands[0], type);
    llvm::Value* odd = builder.CreateBinOp(shift, pairs, half);
    llvm::Value* even = builder.CreateBinOp(shift, builder.CreateShl(pairs, half), half);
    return builder.CreateAdd(even, odd);
}

}  // namespace wasmax::codegen
