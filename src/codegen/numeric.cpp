#include "codegen/impl/numeric.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include <llvm/ADT/APFloat.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instruction.h>
#include <llvm/IR/Intrinsics.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/rows.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

// Numeric instructions. wasm: syntax-instr-numeric
namespace wasmax::codegen {
namespace {

using llvm::CmpInst;
using llvm::Instruction;
using wasm::Opcode;
using Kind = wasm::ValueType::Kind;
namespace Intrinsic = llvm::Intrinsic;

constexpr std::uint32_t division(Division division) { return static_cast<std::uint32_t>(division); }

// clang-format off
constexpr NumericRow kRows[] = {
    // i32
    {Opcode::i32_add, emit_binary, Instruction::Add, Kind::i32},
    {Opcode::i32_sub, emit_binary, Instruction::Sub, Kind::i32},
    {Opcode::i32_mul, emit_binary, Instruction::Mul, Kind::i32},
    {Opcode::i32_and, emit_binary, Instruction::And, Kind::i32},
    {Opcode::i32_or, emit_binary, Instruction::Or, Kind::i32},
    {Opcode::i32_xor, emit_binary, Instruction::Xor, Kind::i32},
    {Opcode::i32_shl, emit_shift, Instruction::Shl, Kind::i32},
    {Opcode::i32_shr_s, emit_shift, Instruction::AShr, Kind::i32},
    {Opcode::i32_shr_u, emit_shift, Instruction::LShr, Kind::i32},
    {Opcode::i32_rotl, emit_rotate, Intrinsic::fshl, Kind::i32},
    {Opcode::i32_rotr, emit_rotate, Intrinsic::fshr, Kind::i32},
    {Opcode::i32_div_s, emit_division, division(Division::div_s), Kind::i32},
    {Opcode::i32_div_u, emit_division, division(Division::div_u), Kind::i32},
    {Opcode::i32_rem_s, emit_division, division(Division::rem_s), Kind::i32},
    {Opcode::i32_rem_u, emit_division, division(Division::rem_u), Kind::i32},
    {Opcode::i32_eqz, emit_eqz, 0, Kind::i32},
    {Opcode::i32_eq, emit_compare, CmpInst::ICMP_EQ, Kind::i32},
    {Opcode::i32_ne, emit_compare, CmpInst::ICMP_NE, Kind::i32},
    {Opcode::i32_lt_s, emit_compare, CmpInst::ICMP_SLT, Kind::i32},
    {Opcode::i32_lt_u, emit_compare, CmpInst::ICMP_ULT, Kind::i32},
    {Opcode::i32_gt_s, emit_compare, CmpInst::ICMP_SGT, Kind::i32},
    {Opcode::i32_gt_u, emit_compare, CmpInst::ICMP_UGT, Kind::i32},
    {Opcode::i32_le_s, emit_compare, CmpInst::ICMP_SLE, Kind::i32},
    {Opcode::i32_le_u, emit_compare, CmpInst::ICMP_ULE, Kind::i32},
    {Opcode::i32_ge_s, emit_compare, CmpInst::ICMP_SGE, Kind::i32},
    {Opcode::i32_ge_u, emit_compare, CmpInst::ICMP_UGE, Kind::i32},
    {Opcode::i32_clz, emit_count_zeros, Intrinsic::ctlz, Kind::i32},
    {Opcode::i32_ctz, emit_count_zeros, Intrinsic::cttz, Kind::i32},
    {Opcode::i32_popcnt, emit_intrinsic, Intrinsic::ctpop, Kind::i32},
    {Opcode::i32_extend8_s, emit_sign_extension, 8, Kind::i32},
    {Opcode::i32_extend16_s, emit_sign_extension, 16, Kind::i32},
    // i64
    {Opcode::i64_add, emit_binary, Instruction::Add, Kind::i64},
    {Opcode::i64_sub, emit_binary, Instruction::Sub, Kind::i64},
    {Opcode::i64_mul, emit_binary, Instruction::Mul, Kind::i64},
    {Opcode::i64_and, emit_binary, Instruction::And, Kind::i64},
    {Opcode::i64_or, emit_binary, Instruction::Or, Kind::i64},
    {Opcode::i64_xor, emit_binary, Instruction::Xor, Kind::i64},
    {Opcode::i64_shl, emit_shift, Instruction::Shl, Kind::i64},
    {Opcode::i64_shr_s, emit_shift, Instruction::AShr, Kind::i64},
    {Opcode::i64_shr_u, emit_shift, Instruction::LShr, Kind::i64},
    {Opcode::i64_rotl, emit_rotate, Intrinsic::fshl, Kind::i64},
    {Opcode::i64_rotr, emit_rotate, Intrinsic::fshr, Kind::i64},
    {Opcode::i64_div_s, emit_division, division(Division::div_s), Kind::i64},
    {Opcode::i64_div_u, emit_division, division(Division::div_u), Kind::i64},
    {Opcode::i64_rem_s, emit_division, division(Division::rem_s), Kind::i64},
    {Opcode::i64_rem_u, emit_division, division(Division::rem_u), Kind::i64},
    {Opcode::i64_eqz, emit_eqz, 0, Kind::i32},
    {Opcode::i64_eq, emit_compare, CmpInst::ICMP_EQ, Kind::i32},
    {Opcode::i64_ne, emit_compare, CmpInst::ICMP_NE, Kind::i32},
    {Opcode::i64_lt_s, emit_compare, CmpInst::ICMP_SLT, Kind::i32},
    {Opcode::i64_lt_u, emit_compare, CmpInst::ICMP_ULT, Kind::i32},
    {Opcode::i64_gt_s, emit_compare, CmpInst::ICMP_SGT, Kind::i32},
    {Opcode::i64_gt_u, emit_compare, CmpInst::ICMP_UGT, Kind::i32},
    {Opcode::i64_le_s, emit_compare, CmpInst::ICMP_SLE, Kind::i32},
    {Opcode::i64_le_u, emit_compare, CmpInst::ICMP_ULE, Kind::i32},
    {Opcode::i64_ge_s, emit_compare, CmpInst::ICMP_SGE, Kind::i32},
    {Opcode::i64_ge_u, emit_compare, CmpInst::ICMP_UGE, Kind::i32},
    {Opcode::i64_clz, emit_count_zeros, Intrinsic::ctlz, Kind::i64},
    {Opcode::i64_ctz, emit_count_zeros, Intrinsic::cttz, Kind::i64},
    {Opcode::i64_popcnt, emit_intrinsic, Intrinsic::ctpop, Kind::i64},
    {Opcode::i64_extend8_s, emit_sign_extension, 8, Kind::i64},
    {Opcode::i64_extend16_s, emit_sign_extension, 16, Kind::i64},
    {Opcode::i64_extend32_s, emit_sign_extension, 32, Kind::i64},
    // f32
    {Opcode::f32_eq, emit_compare, CmpInst::FCMP_OEQ, Kind::i32},
    {Opcode::f32_ne, emit_compare, CmpInst::FCMP_UNE, Kind::i32},
    {Opcode::f32_lt, emit_compare, CmpInst::FCMP_OLT, Kind::i32},
    {Opcode::f32_gt, emit_compare, CmpInst::FCMP_OGT, Kind::i32},
    {Opcode::f32_le, emit_compare, CmpInst::FCMP_OLE, Kind::i32},
    {Opcode::f32_ge, emit_compare, CmpInst::FCMP_OGE, Kind::i32},
    {Opcode::f32_abs, emit_intrinsic, Intrinsic::fabs, Kind::f32},
    {Opcode::f32_ceil, emit_intrinsic, Intrinsic::ceil, Kind::f32},
    {Opcode::f32_floor, emit_intrinsic, Intrinsic::floor, Kind::f32},
    {Opcode::f32_trunc, emit_intrinsic, Intrinsic::trunc, Kind::f32},
    {Opcode::f32_nearest, emit_intrinsic, Intrinsic::roundeven, Kind::f32},
    {Opcode::f32_sqrt, emit_intrinsic, Intrinsic::sqrt, Kind::f32},
    {Opcode::f32_copysign, emit_intrinsic, Intrinsic::copysign, Kind::f32},
    {Opcode::f32_neg, emit_negation, 0, Kind::f32},
    {Opcode::f32_add, emit_float_arithmetic, Instruction::FAdd, Kind::f32},
    {Opcode::f32_sub, emit_float_arithmetic, Instruction::FSub, Kind::f32},
    {Opcode::f32_mul, emit_float_arithmetic, Instruction::FMul, Kind::f32},
    {Opcode::f32_div, emit_float_arithmetic, Instruction::FDiv, Kind::f32},
    {Opcode::f32_min, emit_float_extremum, CmpInst::FCMP_OLT, Kind::f32},
    {Opcode::f32_max, emit_float_extremum, CmpInst::FCMP_OGT, Kind::f32},
    // f64
    {Opcode::f64_eq, emit_compare, CmpInst::FCMP_OEQ, Kind::i32},
    {Opcode::f64_ne, emit_compare, CmpInst::FCMP_UNE, Kind::i32},
    {Opcode::f64_lt, emit_compare, CmpInst::FCMP_OLT, Kind::i32},
    {Opcode::f64_gt, emit_compare, CmpInst::FCMP_OGT, Kind::i32},
    {Opcode::f64_le, emit_compare, CmpInst::FCMP_OLE, Kind::i32},
    {Opcode::f64_ge, emit_compare, CmpInst::FCMP_OGE, Kind::i32},
    {Opcode::f64_abs, emit_intrinsic, Intrinsic::fabs, Kind::f64},
    {Opcode::f64_ceil, emit_intrinsic, Intrinsic::ceil, Kind::f64},
    {Opcode::f64_floor, emit_intrinsic, Intrinsic::floor, Kind::f64},
    {Opcode::f64_trunc, emit_intrinsic, Intrinsic::trunc, Kind::f64},
    {Opcode::f64_nearest, emit_intrinsic, Intrinsic::roundeven, Kind::f64},
    {Opcode::f64_sqrt, emit_intrinsic, Intrinsic::sqrt, Kind::f64},
    {Opcode::f64_copysign, emit_intrinsic, Intrinsic::copysign, Kind::f64},
    {Opcode::f64_neg, emit_negation, 0, Kind::f64},
    {Opcode::f64_add, emit_float_arithmetic, Instruction::FAdd, Kind::f64},
    {Opcode::f64_sub, emit_float_arithmetic, Instruction::FSub, Kind::f64},
    {Opcode::f64_mul, emit_float_arithmetic, Instruction::FMul, Kind::f64},
    {Opcode::f64_div, emit_float_arithmetic, Instruction::FDiv, Kind::f64},
    {Opcode::f64_min, emit_float_extremum, CmpInst::FCMP_OLT, Kind::f64},
    {Opcode::f64_max, emit_float_extremum, CmpInst::FCMP_OGT, Kind::f64},
    // conversions
    {Opcode::i32_wrap_i64, emit_cast, Instruction::Trunc, Kind::i32},
    {Opcode::i64_extend_i32_s, emit_cast, Instruction::SExt, Kind::i64},
    {Opcode::i64_extend_i32_u, emit_cast, Instruction::ZExt, Kind::i64},
    {Opcode::i32_trunc_f32_s, emit_truncation, Instruction::FPToSI, Kind::i32},
    {Opcode::i32_trunc_f32_u, emit_truncation, Instruction::FPToUI, Kind::i32},
    {Opcode::i32_trunc_f64_s, emit_truncation, Instruction::FPToSI, Kind::i32},
    {Opcode::i32_trunc_f64_u, emit_truncation, Instruction::FPToUI, Kind::i32},
    {Opcode::i64_trunc_f32_s, emit_truncation, Instruction::FPToSI, Kind::i64},
    {Opcode::i64_trunc_f32_u, emit_truncation, Instruction::FPToUI, Kind::i64},
    {Opcode::i64_trunc_f64_s, emit_truncation, Instruction::FPToSI, Kind::i64},
    {Opcode::i64_trunc_f64_u, emit_truncation, Instruction::FPToUI, Kind::i64},
    {Opcode::i32_trunc_sat_f32_s, emit_saturation, Intrinsic::fptosi_sat, Kind::i32},
    {Opcode::i32_trunc_sat_f32_u, emit_saturation, Intrinsic::fptoui_sat, Kind::i32},
    {Opcode::i32_trunc_sat_f64_s, emit_saturation, Intrinsic::fptosi_sat, Kind::i32},
    {Opcode::i32_trunc_sat_f64_u, emit_saturation, Intrinsic::fptoui_sat, Kind::i32},
    {Opcode::i64_trunc_sat_f32_s, emit_saturation, Intrinsic::fptosi_sat, Kind::i64},
    {Opcode::i64_trunc_sat_f32_u, emit_saturation, Intrinsic::fptoui_sat, Kind::i64},
    {Opcode::i64_trunc_sat_f64_s, emit_saturation, Intrinsic::fptosi_sat, Kind::i64},
    {Opcode::i64_trunc_sat_f64_u, emit_saturation, Intrinsic::fptoui_sat, Kind::i64},
    {Opcode::f32_convert_i32_s, emit_cast, Instruction::SIToFP, Kind::f32},
    {Opcode::f32_convert_i32_u, emit_cast, Instruction::UIToFP, Kind::f32},
    {Opcode::f32_convert_i64_s, emit_cast, Instruction::SIToFP, Kind::f32},
    {Opcode::f32_convert_i64_u, emit_cast, Instruction::UIToFP, Kind::f32},
    {Opcode::f64_convert_i32_s, emit_cast, Instruction::SIToFP, Kind::f64},
    {Opcode::f64_convert_i32_u, emit_cast, Instruction::UIToFP, Kind::f64},
    {Opcode::f64_convert_i64_s, emit_cast, Instruction::SIToFP, Kind::f64},
    {Opcode::f64_convert_i64_u, emit_cast, Instruction::UIToFP, Kind::f64},
    {Opcode::f32_demote_f64, emit_demotion, Instruction::FPTrunc, Kind::f32},
    {Opcode::f64_promote_f32, emit_cast, Instruction::FPExt, Kind::f64},
    {Opcode::i32_reinterpret_f32, emit_cast, Instruction::BitCast, Kind::i32},
    {Opcode::i64_reinterpret_f64, emit_cast, Instruction::BitCast, Kind::i64},
    {Opcode::f32_reinterpret_i32, emit_cast, Instruction::BitCast, Kind::f32},
    {Opcode::f64_reinterpret_i64, emit_cast, Instruction::BitCast, Kind::f64},
};
// clang-format on
constexpr auto kRowIndex = index_by_opcode(kRows);
static_assert(covers_handler(kRowIndex, "numeric"));

}  // namespace

FunctionEmitter::Value FunctionEmitter::i32_const(std::uint32_t value) {
    return builder_.getInt32(value);
}

FunctionEmitter::Value FunctionEmitter::i64_const(std::uint64_t value) {
    return builder_.getInt64(value);
}

FunctionEmitter::Value FunctionEmitter::f32_const(std::uint32_t bits) {
    return llvm::ConstantFP::get(context(),
                                 llvm::APFloat(llvm::APFloat::IEEEsingle(), llvm::APInt(32, bits)));
}

FunctionEmitter::Value FunctionEmitter::f64_const(std::uint64_t bits) {
    return llvm::ConstantFP::get(context(),
                                 llvm::APFloat(llvm::APFloat::IEEEdouble(), llvm::APInt(64, bits)));
}

FunctionEmitter::Value FunctionEmitter::numeric(Opcode opcode, std::span<const Value> operands) {
    const NumericRow& row = kRows[kRowIndex[static_cast<std::size_t>(opcode)]];
    return row.emit(*this, row, operands);
}

}  // namespace wasmax::codegen
