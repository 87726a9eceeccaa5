#include <span>

#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instruction.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/Support/Casting.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

/// Whether the operation with this literal is the identity, or a negation, of its other operand.
bool is_identity(llvm::Instruction::BinaryOps operation, const llvm::ConstantFP& literal) {
    if (operation == llvm::Instruction::FAdd || operation == llvm::Instruction::FSub) {
        return literal.isZero();
    }
    return literal.isExactlyValue(1.0) || literal.isExactlyValue(-1.0);
}

/// Whether that is so in any lane; false for what is no literal.
bool may_be_identity(llvm::Instruction::BinaryOps operation, const llvm::Value* value,
                     const llvm::DataLayout& layout) {
    if (!llvm::isa<llvm::Constant>(value)) {
        return false;
    }
    // The cast of a v128 is an expression as long as nobody says which lane is where.
    const llvm::Constant* constant =
        llvm::ConstantFoldConstant(llvm::cast<llvm::Constant>(value), layout);
    if (const auto* literal = llvm::dyn_cast<llvm::ConstantFP>(constant)) {
        return is_identity(operation, *literal);
    }
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(constant->getType());
    for (unsigned lane = 0; vector != nullptr && lane < vector->getNumElements(); ++lane) {
        const auto* element =
            llvm::dyn_cast_or_null<llvm::ConstantFP>(constant->getAggregateElement(lane));
        if (element == nullptr || is_identity(operation, *element)) {
            return true;
        }
    }
    return false;
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
    const auto operation = static_cast<llvm::Instruction::BinaryOps>(row.argument);
    const llvm::DataLayout& layout = builder.GetInsertBlock()->getDataLayout();
    if (may_be_identity(operation, left, layout)) {
        right = canonicalize(builder, right);
    } else if (may_be_identity(operation, right, layout)) {
        left = canonicalize(builder, left);
    }
    return builder.CreateBinOp(operation, left, right);
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
