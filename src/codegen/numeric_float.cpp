#include <span>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

/// Whether an operation with this literal may be the identity, or a negation, of its other operand.
bool is_identity_literal(llvm::Value* value) {
    if (value->getType()->isVectorTy()) {
        return llvm::isa<llvm::Constant>(value);  // any lane may be one
    }
    const auto* literal = llvm::dyn_cast<llvm::ConstantFP>(value);
    return literal != nullptr &&
           (literal->isZero() || literal->isExactlyValue(1.0) || literal->isExactlyValue(-1.0));
}

/// Quiets a NaN and changes nothing else.
llvm::Value* canonicalize(llvm::IRBuilder<>& builder, llvm::Value* value) {
    return builder.CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, value);
}

}  // namespace

llvm::Value* emit_intrinsic(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateIntrinsic(row.argument, {operands[0]->getType()},
                                             {operands.data(), operands.size()});
}

llvm::Value* emit_negation(FunctionEmitter& emitter, const NumericRow& /*row*/, Operands operands) {
    return emitter.builder().CreateFNeg(operands[0]);
}

// wasm: exec-nan-propagation. The result of arithmetic is never a signalling NaN, but LLVM folds
// `x * 1`, `x / -1`, `x - 0`, `-0 - x` and the like to x or its negation. deviates: only where the
// literal is the operand itself; through a local the fold happens.
llvm::Value* emit_float_arithmetic(FunctionEmitter& emitter, const NumericRow& row,
                                   Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* left = operands[0];
    llvm::Value* right = operands[1];
    if (is_identity_literal(left)) {
        right = canonicalize(builder, right);
    } else if (is_identity_literal(right)) {
        left = canonicalize(builder, left);
    }
    return builder.CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(row.argument), left,
                               right);
}

// Not llvm.minimum: it returns a signalling NaN as it is (measured), where wasm wants it quiet, and
// takes a branch on the sign. x86's minss returns its second operand for NaNs and equal zeros, so
// both orders of the operands differ only there: for zeros `or` keeps the sign that min wants and
// `and` the one that max wants; for NaNs the sum is quiet.
llvm::Value* emit_float_extremum(FunctionEmitter& emitter, const NumericRow& row,
                                 Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* left = operands[0];
    llvm::Value* right = operands[1];
    const auto predicate = static_cast<llvm::CmpInst::Predicate>(row.argument);
    const bool is_minimum = predicate == llvm::CmpInst::FCMP_OLT;
    llvm::Type* bits =
        left->getType()->getWithNewType(builder.getIntNTy(left->getType()->getScalarSizeInBits()));
    const auto either = [&](llvm::Value* first, llvm::Value* second) {
        return builder.CreateBitCast(
            builder.CreateSelect(builder.CreateFCmp(predicate, first, second), first, second),
            bits);
    };
    llvm::Value* merged =
        builder.CreateBinOp(is_minimum ? llvm::Instruction::Or : llvm::Instruction::And,
                            either(left, right), either(right, left));
    return builder.CreateSelect(builder.CreateFCmpUNO(left, right), builder.CreateFAdd(left, right),
                                builder.CreateBitCast(merged, left->getType()));
}

}  // namespace wasmax::codegen
