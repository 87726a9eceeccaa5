#include <cstdint>
#include <span>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>

#include "abi/trap.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

bool is_constant_other_than(llvm::Value* value, std::int64_t excluded) {
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value);
    return constant != nullptr && constant->getSExtValue() != excluded;
}

llvm::Value* as_i32(llvm::IRBuilder<>& builder, llvm::Value* truth) {
    return builder.CreateZExt(truth, builder.getInt32Ty());
}

}  // namespace

llvm::Value* emit_binary(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(row.argument),
                                         operands[0], operands[1]);
}

llvm::Value* emit_shift(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Type* type = operands[0]->getType();
    // To LLVM a count as large as the type is undefined; to wasm it counts modulo the size.
    llvm::Value* count = builder.CreateAnd(
        operands[1], llvm::ConstantInt::get(type, type->getIntegerBitWidth() - 1));
    return builder.CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(row.argument), operands[0],
                               count);
}

llvm::Value* emit_rotate(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateIntrinsic(row.argument, {operands[0]->getType()},
                                             {operands[0], operands[0], operands[1]});
}

// The checks are explicit: LLVM deletes divisions that it sees are undefined.
llvm::Value* emit_division(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* dividend = operands[0];
    llvm::Value* divisor = operands[1];
    auto* type = llvm::cast<llvm::IntegerType>(dividend->getType());
    llvm::Constant* minus_one = llvm::ConstantInt::getAllOnesValue(type);
    if (!is_constant_other_than(divisor, 0)) {
        emitter.trap_if(builder.CreateIsNull(divisor), abi::TrapCode::integer_divide_by_zero);
    }
    switch (static_cast<Division>(row.argument)) {
        case Division::div_u:
            return builder.CreateUDiv(dividend, divisor);
        case Division::rem_u:
            return builder.CreateURem(dividend, divisor);
        case Division::div_s:
            if (!is_constant_other_than(divisor, -1)) {
                llvm::Constant* minimum = llvm::ConstantInt::get(
                    type, llvm::APInt::getSignedMinValue(type->getBitWidth()));
                emitter.trap_if(builder.CreateAnd(builder.CreateICmpEQ(dividend, minimum),
                                                  builder.CreateICmpEQ(divisor, minus_one)),
                                abi::TrapCode::integer_overflow);
            }
            return builder.CreateSDiv(dividend, divisor);
        case Division::rem_s:
            if (!is_constant_other_than(divisor, -1)) {
                // The remainder by -1 is that by 1: zero, and defined for the least integer too.
                divisor = builder.CreateSelect(builder.CreateICmpEQ(divisor, minus_one),
                                               llvm::ConstantInt::get(type, 1), divisor);
            }
            return builder.CreateSRem(dividend, divisor);
    }
    return nullptr;
}

llvm::Value* emit_compare(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return as_i32(emitter.builder(),
                  emitter.builder().CreateCmp(static_cast<llvm::CmpInst::Predicate>(row.argument),
                                              operands[0], operands[1]));
}

llvm::Value* emit_eqz(FunctionEmitter& emitter, const NumericRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    // `eqz` of a comparison is how wasm writes `not`: invert the comparison, because a branch on it
    // is cheap for every instruction selector.
    if (auto* compare = llvm::dyn_cast_or_null<llvm::CmpInst>(emitter.truth_of(operands[0]))) {
        return as_i32(builder, builder.CreateCmp(compare->getInversePredicate(),
                                                 compare->getOperand(0), compare->getOperand(1)));
    }
    return as_i32(builder, builder.CreateIsNull(operands[0]));
}

llvm::Value* emit_count_zeros(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateIntrinsic(
        row.argument, {operands[0]->getType()},
        {operands[0], emitter.builder().getFalse()});  // false: defined for zero
}

llvm::Value* emit_sign_extension(FunctionEmitter& emitter, const NumericRow& row,
                                 Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    return builder.CreateSExt(builder.CreateTrunc(operands[0], builder.getIntNTy(row.argument)),
                              operands[0]->getType());
}

}  // namespace wasmax::codegen
