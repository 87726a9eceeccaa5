#include <array>
#include <cstdint>
#include <span>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/vector.h"

// Vector instructions for which LLVM has no pattern, or a slow one, and x86 an instruction: SSE2 to
// SSE4.1, which x86-64-v2 has.
namespace wasmax::codegen {
namespace {

using Operands = std::span<llvm::Value* const>;
namespace Intrinsic = llvm::Intrinsic;

llvm::Value* call(llvm::IRBuilder<>& builder, llvm::Intrinsic::ID intrinsic, Operands operands) {
    return builder.CreateIntrinsic(intrinsic, {}, {operands.data(), operands.size()});
}

/// i32x4 from f32x4, rounding towards zero; 0x8000'0000 for what does not fit.
llvm::Value* truncate(llvm::IRBuilder<>& builder, llvm::Value* floats) {
    return builder.CreateIntrinsic(Intrinsic::x86_sse2_cvttps2dq, {}, {floats});
}

}  // namespace

llvm::Value* emit_x86(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    return call(emitter.builder(), row.argument, operands);
}

llvm::Value* emit_x86_swapped(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    const std::array swapped{operands[1], operands[0]};
    return call(emitter.builder(), row.argument, swapped);
}

llvm::Value* emit_swizzle(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    // pshufb gives zero where bit 7 of the index is set: so it is for 16 and above, and the low
    // four bits of those below stay.
    constexpr std::uint8_t kBias = 0x80 - 16;
    llvm::Value* index = builder.CreateBinaryIntrinsic(
        Intrinsic::uadd_sat, operands[1], llvm::ConstantInt::get(operands[1]->getType(), kBias));
    return builder.CreateIntrinsic(Intrinsic::x86_ssse3_pshuf_b_128, {}, {operands[0], index});
}

llvm::Value* emit_q15_multiply(FunctionEmitter& emitter, const VectorRow& /*row*/,
                               Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    // pmulhrsw wraps in one case, the square of the least integer, and only then gives 0x8000.
    llvm::Value* product = call(builder, Intrinsic::x86_ssse3_pmul_hr_sw_128, operands);
    llvm::Type* type = product->getType();
    llvm::Value* wrapped =
        builder.CreateICmpEQ(product, llvm::ConstantInt::getSigned(type, -0x8000));
    return builder.CreateXor(product, builder.CreateSExt(wrapped, type));
}

llvm::Value* emit_dot_i7(FunctionEmitter& emitter, const VectorRow& /*row*/, Operands operands) {
    // The second operand has seven bits, so it may be the unsigned one.
    return emitter.builder().CreateIntrinsic(Intrinsic::x86_ssse3_pmadd_ub_sw_128, {},
                                             {operands[1], operands[0]});
}

llvm::Value* emit_dot_i7_add(FunctionEmitter& emitter, const VectorRow& row, Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* pairs = emit_dot_i7(emitter, row, operands);
    llvm::Value* sums = builder.CreateIntrinsic(
        Intrinsic::x86_sse2_pmadd_wd, {}, {pairs, llvm::ConstantInt::get(pairs->getType(), 1)});
    return builder.CreateAdd(sums, as_shape(builder, operands[2], Shape::i32x4));
}

// llvm.fptosi.sat converts lane by lane: 27 instructions.
llvm::Value* emit_trunc_sat_s(FunctionEmitter& emitter, const VectorRow& /*row*/,
                              Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Value* floats = operands[0];
    llvm::Type* type = vector_type(builder.getContext(), Shape::i32x4);
    llvm::Value* number = builder.CreateSExt(builder.CreateFCmpORD(floats, floats), type);
    llvm::Value* without_nans = builder.CreateBitCast(
        builder.CreateAnd(builder.CreateBitCast(floats, type), number), floats->getType());
    llvm::Value* too_large = builder.CreateSExt(
        builder.CreateFCmpOGE(floats, llvm::ConstantFP::get(floats->getType(), 0x1p31)), type);
    return builder.CreateXor(truncate(builder, without_nans), too_large);
}

llvm::Value* emit_trunc_sat_u(FunctionEmitter& emitter, const VectorRow& /*row*/,
                              Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Type* floats = operands[0]->getType();
    llvm::Type* type = vector_type(builder.getContext(), Shape::i32x4);
    llvm::Constant* zero = llvm::Constant::getNullValue(floats);
    llvm::Constant* half = llvm::ConstantFP::get(floats, 0x1p31);
    // Converted in two parts that are added: what is below 2^31, and what is above.
    llvm::Value* value =
        builder.CreateSelect(builder.CreateFCmpOGT(operands[0], zero), operands[0], zero);
    llvm::Value* above = builder.CreateFSub(value, half);
    llvm::Value* too_large = builder.CreateSExt(builder.CreateFCmpOGE(above, half), type);
    llvm::Value* upper = builder.CreateXor(truncate(builder, above), too_large);
    upper =
        builder.CreateBinaryIntrinsic(Intrinsic::smax, upper, llvm::Constant::getNullValue(type));
    return builder.CreateAdd(truncate(builder, value), upper);
}

// Of two doubles: llvm.fptosi.sat and llvm.fptoui.sat convert these lane by lane, too.
llvm::Value* emit_trunc_sat_zero_s(FunctionEmitter& emitter, const VectorRow& /*row*/,
                                   Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Type* doubles = operands[0]->getType();
    llvm::Type* bits = vector_type(builder.getContext(), Shape::i64x2);
    llvm::Value* number = builder.CreateSExt(builder.CreateFCmpORD(operands[0], operands[0]), bits);
    llvm::Value* value = builder.CreateBitCast(
        builder.CreateAnd(builder.CreateBitCast(operands[0], bits), number), doubles);
    llvm::Constant* most = llvm::ConstantFP::get(doubles, 0x1p31 - 1);
    value = builder.CreateSelect(builder.CreateFCmpOLT(value, most), value, most);
    // What is too small becomes 0x8000'0000, as it should; the upper half becomes zero.
    return builder.CreateIntrinsic(Intrinsic::x86_sse2_cvttpd2dq, {}, {value});
}

llvm::Value* emit_trunc_sat_zero_u(FunctionEmitter& emitter, const VectorRow& /*row*/,
                                   Operands operands) {
    llvm::IRBuilder<>& builder = emitter.builder();
    llvm::Type* doubles = operands[0]->getType();
    llvm::Constant* zero = llvm::Constant::getNullValue(doubles);
    llvm::Constant* most = llvm::ConstantFP::get(doubles, 0x1p32 - 1);
    llvm::Value* value =
        builder.CreateSelect(builder.CreateFCmpOGT(operands[0], zero), operands[0], zero);
    value = builder.CreateSelect(builder.CreateFCmpOLT(value, most), value, most);
    value = builder.CreateUnaryIntrinsic(Intrinsic::trunc, value);
    // The integer is then the low half of the significand of 2^52 + value.
    value = builder.CreateFAdd(value, llvm::ConstantFP::get(doubles, 0x1p52));
    llvm::Type* lanes = vector_type(builder.getContext(), Shape::i32x4);
    return builder.CreateShuffleVector(builder.CreateBitCast(value, lanes),
                                       llvm::Constant::getNullValue(lanes), {0, 2, 4, 5});
}

}  // namespace wasmax::codegen
