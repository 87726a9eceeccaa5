#include <cmath>
#include <span>

#include <llvm/ADT/APFloat.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>

#include "abi/trap.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;

llvm::Type* result_type(FunctionEmitter& emitter, const NumericRow& row) {
    using wasm::ValueType;
    switch (row.result) {
        case ValueType::Kind::i32:
            return emitter.type(ValueType::i32);
        case ValueType::Kind::i64:
            return emitter.type(ValueType::i64);
        case ValueType::Kind::f32:
            return emitter.type(ValueType::f32);
        case ValueType::Kind::f64:
            return emitter.type(ValueType::f64);
        case ValueType::Kind::v128:
        case ValueType::Kind::ref:
        case ValueType::Kind::bottom:
            break;
    }
    return nullptr;
}

/// What a float must be, apart from not a NaN, so that its integral part fits an integer type.
struct Range {
    double lower;
    bool lower_fits;  ///< lower itself fits
    double upper;     ///< the least that does not fit
};

Range range_of(unsigned bits, bool is_signed, bool from_f32) {
    if (!is_signed) {
        return {-1.0, false, std::ldexp(1.0, static_cast<int>(bits))};
    }
    const double minimum = -std::ldexp(1.0, static_cast<int>(bits) - 1);
    // Below the least i32 there are f64 values whose integral part still fits.
    const bool fraction_fits = bits == 32 && !from_f32;
    return {fraction_fits ? minimum - 1.0 : minimum, !fraction_fits, -minimum};
}

}  // namespace

llvm::Value* emit_cast(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateCast(static_cast<llvm::Instruction::CastOps>(row.argument),
                                        operands[0], result_type(emitter, row));
}

llvm::Value* emit_demotion(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    llvm::Value* value = operands[0];
    // LLVM folds `demote (promote x)` to x, signalling NaN or not (see emit_float_arithmetic).
    if (llvm::isa<llvm::FPExtInst>(value)) {
        value = emitter.builder().CreateUnaryIntrinsic(llvm::Intrinsic::canonicalize, value);
    }
    return emitter.builder().CreateFPTrunc(value, result_type(emitter, row));
}

llvm::Value* emit_truncation(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* value = operands[0];
    llvm::Type* result = result_type(emitter, row);
    const auto cast = static_cast<llvm::Instruction::CastOps>(row.argument);
    const Range range = range_of(result->getIntegerBitWidth(), cast == llvm::Instruction::FPToSI,
                                 value->getType()->isFloatTy());
    emitter.trap_if(builder.CreateFCmpUNO(value, value), abi::TrapCode::invalid_conversion);
    const auto bound = [&](double number) {
        return llvm::ConstantFP::get(value->getType(), number);
    };
    llvm::Value* too_small = range.lower_fits ? builder.CreateFCmpOLT(value, bound(range.lower))
                                              : builder.CreateFCmpOLE(value, bound(range.lower));
    llvm::Value* too_large = builder.CreateFCmpOGE(value, bound(range.upper));
    emitter.trap_if(builder.CreateOr(too_small, too_large), abi::TrapCode::integer_overflow);
    return builder.CreateCast(cast, value, result);
}

llvm::Value* emit_saturation(FunctionEmitter& emitter, const NumericRow& row, Operands operands) {
    return emitter.builder().CreateIntrinsic(
        row.argument, {result_type(emitter, row), operands[0]->getType()}, {operands[0]});
}

}  // namespace wasmax::codegen
