#include "codegen/impl/vector.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instruction.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/numeric.h"
#include "codegen/impl/rows.h"
#include "wasm/opcode.h"

// Vector instructions that only compute. wasm: syntax-instr-vec
namespace wasmax::codegen {
namespace {

using llvm::CmpInst;
using llvm::Instruction;
using wasm::Opcode;
namespace Intrinsic = llvm::Intrinsic;

constexpr std::uint32_t widening(Widening widening) { return static_cast<std::uint32_t>(widening); }

// clang-format off
constexpr VectorRow kRows[] = {
    // v128
    {Opcode::v128_not, Shape::i64x2, emit_not},
    {Opcode::v128_and, Shape::i64x2, emit_lanes, Instruction::And, emit_binary},
    {Opcode::v128_andnot, Shape::i64x2, emit_andnot},
    {Opcode::v128_or, Shape::i64x2, emit_lanes, Instruction::Or, emit_binary},
    {Opcode::v128_xor, Shape::i64x2, emit_lanes, Instruction::Xor, emit_binary},
    {Opcode::v128_bitselect, Shape::i64x2, emit_bitselect},
    {Opcode::v128_any_true, Shape::i64x2, emit_any_true},
    {Opcode::i8x16_swizzle, Shape::i8x16, emit_swizzle},
    // i8x16
    {Opcode::i8x16_splat, Shape::i8x16, emit_splat},
    {Opcode::i8x16_eq, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_EQ},
    {Opcode::i8x16_ne, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_NE},
    {Opcode::i8x16_lt_s, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_SLT},
    {Opcode::i8x16_lt_u, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_ULT},
    {Opcode::i8x16_gt_s, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_SGT},
    {Opcode::i8x16_gt_u, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_UGT},
    {Opcode::i8x16_le_s, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_SLE},
    {Opcode::i8x16_le_u, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_ULE},
    {Opcode::i8x16_ge_s, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_SGE},
    {Opcode::i8x16_ge_u, Shape::i8x16, emit_vector_compare, CmpInst::ICMP_UGE},
    {Opcode::i8x16_abs, Shape::i8x16, emit_vector_abs},
    {Opcode::i8x16_neg, Shape::i8x16, emit_vector_neg},
    {Opcode::i8x16_all_true, Shape::i8x16, emit_all_true},
    {Opcode::i8x16_bitmask, Shape::i8x16, emit_bitmask},
    {Opcode::i8x16_shl, Shape::i8x16, emit_vector_shift, Instruction::Shl},
    {Opcode::i8x16_shr_s, Shape::i8x16, emit_vector_shift, Instruction::AShr},
    {Opcode::i8x16_shr_u, Shape::i8x16, emit_vector_shift, Instruction::LShr},
    {Opcode::i8x16_add, Shape::i8x16, emit_lanes, Instruction::Add, emit_binary},
    {Opcode::i8x16_sub, Shape::i8x16, emit_lanes, Instruction::Sub, emit_binary},
    {Opcode::i8x16_min_s, Shape::i8x16, emit_lanes, Intrinsic::smin, emit_intrinsic},
    {Opcode::i8x16_min_u, Shape::i8x16, emit_lanes, Intrinsic::umin, emit_intrinsic},
    {Opcode::i8x16_max_s, Shape::i8x16, emit_lanes, Intrinsic::smax, emit_intrinsic},
    {Opcode::i8x16_max_u, Shape::i8x16, emit_lanes, Intrinsic::umax, emit_intrinsic},
    {Opcode::i8x16_add_sat_s, Shape::i8x16, emit_lanes, Intrinsic::sadd_sat, emit_intrinsic},
    {Opcode::i8x16_add_sat_u, Shape::i8x16, emit_lanes, Intrinsic::uadd_sat, emit_intrinsic},
    {Opcode::i8x16_sub_sat_s, Shape::i8x16, emit_lanes, Intrinsic::ssub_sat, emit_intrinsic},
    {Opcode::i8x16_sub_sat_u, Shape::i8x16, emit_lanes, Intrinsic::usub_sat, emit_intrinsic},
    {Opcode::i8x16_avgr_u, Shape::i8x16, emit_average},
    // i16x8
    {Opcode::i16x8_splat, Shape::i16x8, emit_splat},
    {Opcode::i16x8_eq, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_EQ},
    {Opcode::i16x8_ne, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_NE},
    {Opcode::i16x8_lt_s, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_SLT},
    {Opcode::i16x8_lt_u, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_ULT},
    {Opcode::i16x8_gt_s, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_SGT},
    {Opcode::i16x8_gt_u, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_UGT},
    {Opcode::i16x8_le_s, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_SLE},
    {Opcode::i16x8_le_u, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_ULE},
    {Opcode::i16x8_ge_s, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_SGE},
    {Opcode::i16x8_ge_u, Shape::i16x8, emit_vector_compare, CmpInst::ICMP_UGE},
    {Opcode::i16x8_abs, Shape::i16x8, emit_vector_abs},
    {Opcode::i16x8_neg, Shape::i16x8, emit_vector_neg},
    {Opcode::i16x8_all_true, Shape::i16x8, emit_all_true},
    {Opcode::i16x8_bitmask, Shape::i16x8, emit_bitmask},
    {Opcode::i16x8_shl, Shape::i16x8, emit_vector_shift, Instruction::Shl},
    {Opcode::i16x8_shr_s, Shape::i16x8, emit_vector_shift, Instruction::AShr},
    {Opcode::i16x8_shr_u, Shape::i16x8, emit_vector_shift, Instruction::LShr},
    {Opcode::i16x8_add, Shape::i16x8, emit_lanes, Instruction::Add, emit_binary},
    {Opcode::i16x8_sub, Shape::i16x8, emit_lanes, Instruction::Sub, emit_binary},
    {Opcode::i16x8_mul, Shape::i16x8, emit_lanes, Instruction::Mul, emit_binary},
    {Opcode::i16x8_min_s, Shape::i16x8, emit_lanes, Intrinsic::smin, emit_intrinsic},
    {Opcode::i16x8_min_u, Shape::i16x8, emit_lanes, Intrinsic::umin, emit_intrinsic},
    {Opcode::i16x8_max_s, Shape::i16x8, emit_lanes, Intrinsic::smax, emit_intrinsic},
    {Opcode::i16x8_max_u, Shape::i16x8, emit_lanes, Intrinsic::umax, emit_intrinsic},
    {Opcode::i16x8_add_sat_s, Shape::i16x8, emit_lanes, Intrinsic::sadd_sat, emit_intrinsic},
    {Opcode::i16x8_add_sat_u, Shape::i16x8, emit_lanes, Intrinsic::uadd_sat, emit_intrinsic},
    {Opcode::i16x8_sub_sat_s, Shape::i16x8, emit_lanes, Intrinsic::ssub_sat, emit_intrinsic},
    {Opcode::i16x8_sub_sat_u, Shape::i16x8, emit_lanes, Intrinsic::usub_sat, emit_intrinsic},
    {Opcode::i16x8_avgr_u, Shape::i16x8, emit_average},
    {Opcode::i16x8_extend_low_i8x16_s, Shape::i8x16, emit_extend, widening(Widening::low_s)},
    {Opcode::i16x8_extmul_low_i8x16_s, Shape::i8x16, emit_extended_multiply, widening(Widening::low_s)},
    {Opcode::i16x8_extend_low_i8x16_u, Shape::i8x16, emit_extend, widening(Widening::low_u)},
    {Opcode::i16x8_extmul_low_i8x16_u, Shape::i8x16, emit_extended_multiply, widening(Widening::low_u)},
    {Opcode::i16x8_extend_high_i8x16_s, Shape::i8x16, emit_extend, widening(Widening::high_s)},
    {Opcode::i16x8_extmul_high_i8x16_s, Shape::i8x16, emit_extended_multiply, widening(Widening::high_s)},
    {Opcode::i16x8_extend_high_i8x16_u, Shape::i8x16, emit_extend, widening(Widening::high_u)},
    {Opcode::i16x8_extmul_high_i8x16_u, Shape::i8x16, emit_extended_multiply, widening(Widening::high_u)},
    {Opcode::i16x8_extadd_pairwise_i8x16_s, Shape::i8x16, emit_pairwise_addition, Instruction::AShr},
    {Opcode::i16x8_extadd_pairwise_i8x16_u, Shape::i8x16, emit_pairwise_addition, Instruction::LShr},
    // i32x4
    {Opcode::i32x4_splat, Shape::i32x4, emit_splat},
    {Opcode::i32x4_eq, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_EQ},
    {Opcode::i32x4_ne, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_NE},
    {Opcode::i32x4_lt_s, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_SLT},
    {Opcode::i32x4_lt_u, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_ULT},
    {Opcode::i32x4_gt_s, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_SGT},
    {Opcode::i32x4_gt_u, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_UGT},
    {Opcode::i32x4_le_s, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_SLE},
    {Opcode::i32x4_le_u, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_ULE},
    {Opcode::i32x4_ge_s, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_SGE},
    {Opcode::i32x4_ge_u, Shape::i32x4, emit_vector_compare, CmpInst::ICMP_UGE},
    {Opcode::i32x4_abs, Shape::i32x4, emit_vector_abs},
    {Opcode::i32x4_neg, Shape::i32x4, emit_vector_neg},
    {Opcode::i32x4_all_true, Shape::i32x4, emit_all_true},
    {Opcode::i32x4_bitmask, Shape::i32x4, emit_bitmask},
    {Opcode::i32x4_shl, Shape::i32x4, emit_vector_shift, Instruction::Shl},
    {Opcode::i32x4_shr_s, Shape::i32x4, emit_vector_shift, Instruction::AShr},
    {Opcode::i32x4_shr_u, Shape::i32x4, emit_vector_shift, Instruction::LShr},
    {Opcode::i32x4_add, Shape::i32x4, emit_lanes, Instruction::Add, emit_binary},
    {Opcode::i32x4_sub, Shape::i32x4, emit_lanes, Instruction::Sub, emit_binary},
    {Opcode::i32x4_mul, Shape::i32x4, emit_lanes, Instruction::Mul, emit_binary},
    {Opcode::i32x4_min_s, Shape::i32x4, emit_lanes, Intrinsic::smin, emit_intrinsic},
    {Opcode::i32x4_min_u, Shape::i32x4, emit_lanes, Intrinsic::umin, emit_intrinsic},
    {Opcode::i32x4_max_s, Shape::i32x4, emit_lanes, Intrinsic::smax, emit_intrinsic},
    {Opcode::i32x4_max_u, Shape::i32x4, emit_lanes, Intrinsic::umax, emit_intrinsic},
    {Opcode::i32x4_extend_low_i16x8_s, Shape::i16x8, emit_extend, widening(Widening::low_s)},
    {Opcode::i32x4_extmul_low_i16x8_s, Shape::i16x8, emit_extended_multiply, widening(Widening::low_s)},
    {Opcode::i32x4_extend_low_i16x8_u, Shape::i16x8, emit_extend, widening(Widening::low_u)},
    {Opcode::i32x4_extmul_low_i16x8_u, Shape::i16x8, emit_extended_multiply, widening(Widening::low_u)},
    {Opcode::i32x4_extend_high_i16x8_s, Shape::i16x8, emit_extend, widening(Widening::high_s)},
    {Opcode::i32x4_extmul_high_i16x8_s, Shape::i16x8, emit_extended_multiply, widening(Widening::high_s)},
    {Opcode::i32x4_extend_high_i16x8_u, Shape::i16x8, emit_extend, widening(Widening::high_u)},
    {Opcode::i32x4_extmul_high_i16x8_u, Shape::i16x8, emit_extended_multiply, widening(Widening::high_u)},
    {Opcode::i32x4_extadd_pairwise_i16x8_s, Shape::i16x8, emit_pairwise_addition, Instruction::AShr},
    {Opcode::i32x4_extadd_pairwise_i16x8_u, Shape::i16x8, emit_pairwise_addition, Instruction::LShr},
    // i64x2
    {Opcode::i64x2_splat, Shape::i64x2, emit_splat},
    {Opcode::i64x2_eq, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_EQ},
    {Opcode::i64x2_ne, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_NE},
    {Opcode::i64x2_lt_s, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_SLT},
    {Opcode::i64x2_gt_s, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_SGT},
    {Opcode::i64x2_le_s, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_SLE},
    {Opcode::i64x2_ge_s, Shape::i64x2, emit_vector_compare, CmpInst::ICMP_SGE},
    {Opcode::i64x2_abs, Shape::i64x2, emit_vector_abs},
    {Opcode::i64x2_neg, Shape::i64x2, emit_vector_neg},
    {Opcode::i64x2_all_true, Shape::i64x2, emit_all_true},
    {Opcode::i64x2_bitmask, Shape::i64x2, emit_bitmask},
    {Opcode::i64x2_shl, Shape::i64x2, emit_vector_shift, Instruction::Shl},
    {Opcode::i64x2_shr_s, Shape::i64x2, emit_vector_shift, Instruction::AShr},
    {Opcode::i64x2_shr_u, Shape::i64x2, emit_vector_shift, Instruction::LShr},
    {Opcode::i64x2_add, Shape::i64x2, emit_lanes, Instruction::Add, emit_binary},
    {Opcode::i64x2_sub, Shape::i64x2, emit_lanes, Instruction::Sub, emit_binary},
    {Opcode::i64x2_mul, Shape::i64x2, emit_lanes, Instruction::Mul, emit_binary},
    {Opcode::i64x2_extend_low_i32x4_s, Shape::i32x4, emit_extend, widening(Widening::low_s)},
    {Opcode::i64x2_extmul_low_i32x4_s, Shape::i32x4, emit_extended_multiply, widening(Widening::low_s)},
    {Opcode::i64x2_extend_low_i32x4_u, Shape::i32x4, emit_extend, widening(Widening::low_u)},
    {Opcode::i64x2_extmul_low_i32x4_u, Shape::i32x4, emit_extended_multiply, widening(Widening::low_u)},
    {Opcode::i64x2_extend_high_i32x4_s, Shape::i32x4, emit_extend, widening(Widening::high_s)},
    {Opcode::i64x2_extmul_high_i32x4_s, Shape::i32x4, emit_extended_multiply, widening(Widening::high_s)},
    {Opcode::i64x2_extend_high_i32x4_u, Shape::i32x4, emit_extend, widening(Widening::high_u)},
    {Opcode::i64x2_extmul_high_i32x4_u, Shape::i32x4, emit_extended_multiply, widening(Widening::high_u)},
    {Opcode::i8x16_popcnt, Shape::i8x16, emit_lanes, Intrinsic::ctpop, emit_intrinsic},
    {Opcode::i8x16_narrow_i16x8_s, Shape::i16x8, emit_x86, Intrinsic::x86_sse2_packsswb_128},
    {Opcode::i8x16_narrow_i16x8_u, Shape::i16x8, emit_x86, Intrinsic::x86_sse2_packuswb_128},
    {Opcode::i16x8_narrow_i32x4_s, Shape::i32x4, emit_x86, Intrinsic::x86_sse2_packssdw_128},
    {Opcode::i16x8_narrow_i32x4_u, Shape::i32x4, emit_x86, Intrinsic::x86_sse41_packusdw},
    {Opcode::i16x8_q15mulr_sat_s, Shape::i16x8, emit_q15_multiply},
    {Opcode::i32x4_dot_i16x8_s, Shape::i16x8, emit_x86, Intrinsic::x86_sse2_pmadd_wd},
    // f32x4
    {Opcode::f32x4_splat, Shape::f32x4, emit_splat},
    {Opcode::f32x4_eq, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_OEQ},
    {Opcode::f32x4_ne, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_UNE},
    {Opcode::f32x4_lt, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_OLT},
    {Opcode::f32x4_gt, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_OGT},
    {Opcode::f32x4_le, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_OLE},
    {Opcode::f32x4_ge, Shape::f32x4, emit_vector_compare, CmpInst::FCMP_OGE},
    {Opcode::f32x4_abs, Shape::f32x4, emit_lanes, Intrinsic::fabs, emit_intrinsic},
    {Opcode::f32x4_sqrt, Shape::f32x4, emit_lanes, Intrinsic::sqrt, emit_intrinsic},
    {Opcode::f32x4_ceil, Shape::f32x4, emit_lanes, Intrinsic::ceil, emit_intrinsic},
    {Opcode::f32x4_floor, Shape::f32x4, emit_lanes, Intrinsic::floor, emit_intrinsic},
    {Opcode::f32x4_trunc, Shape::f32x4, emit_lanes, Intrinsic::trunc, emit_intrinsic},
    {Opcode::f32x4_nearest, Shape::f32x4, emit_lanes, Intrinsic::roundeven, emit_intrinsic},
    {Opcode::f32x4_neg, Shape::f32x4, emit_lanes, 0, emit_negation},
    {Opcode::f32x4_add, Shape::f32x4, emit_lanes, Instruction::FAdd, emit_float_arithmetic},
    {Opcode::f32x4_sub, Shape::f32x4, emit_lanes, Instruction::FSub, emit_float_arithmetic},
    {Opcode::f32x4_mul, Shape::f32x4, emit_lanes, Instruction::FMul, emit_float_arithmetic},
    {Opcode::f32x4_div, Shape::f32x4, emit_lanes, Instruction::FDiv, emit_float_arithmetic},
    {Opcode::f32x4_min, Shape::f32x4, emit_lanes, CmpInst::FCMP_OLT, emit_float_extremum},
    {Opcode::f32x4_max, Shape::f32x4, emit_lanes, CmpInst::FCMP_OGT, emit_float_extremum},
    {Opcode::f32x4_pmin, Shape::f32x4, emit_x86_swapped, Intrinsic::x86_sse_min_ps},
    {Opcode::f32x4_pmax, Shape::f32x4, emit_x86_swapped, Intrinsic::x86_sse_max_ps},
    // f64x2
    {Opcode::f64x2_splat, Shape::f64x2, emit_splat},
    {Opcode::f64x2_eq, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_OEQ},
    {Opcode::f64x2_ne, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_UNE},
    {Opcode::f64x2_lt, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_OLT},
    {Opcode::f64x2_gt, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_OGT},
    {Opcode::f64x2_le, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_OLE},
    {Opcode::f64x2_ge, Shape::f64x2, emit_vector_compare, CmpInst::FCMP_OGE},
    {Opcode::f64x2_abs, Shape::f64x2, emit_lanes, Intrinsic::fabs, emit_intrinsic},
    {Opcode::f64x2_sqrt, Shape::f64x2, emit_lanes, Intrinsic::sqrt, emit_intrinsic},
    {Opcode::f64x2_ceil, Shape::f64x2, emit_lanes, Intrinsic::ceil, emit_intrinsic},
    {Opcode::f64x2_floor, Shape::f64x2, emit_lanes, Intrinsic::floor, emit_intrinsic},
    {Opcode::f64x2_trunc, Shape::f64x2, emit_lanes, Intrinsic::trunc, emit_intrinsic},
    {Opcode::f64x2_nearest, Shape::f64x2, emit_lanes, Intrinsic::roundeven, emit_intrinsic},
    {Opcode::f64x2_neg, Shape::f64x2, emit_lanes, 0, emit_negation},
    {Opcode::f64x2_add, Shape::f64x2, emit_lanes, Instruction::FAdd, emit_float_arithmetic},
    {Opcode::f64x2_sub, Shape::f64x2, emit_lanes, Instruction::FSub, emit_float_arithmetic},
    {Opcode::f64x2_mul, Shape::f64x2, emit_lanes, Instruction::FMul, emit_float_arithmetic},
    {Opcode::f64x2_div, Shape::f64x2, emit_lanes, Instruction::FDiv, emit_float_arithmetic},
    {Opcode::f64x2_min, Shape::f64x2, emit_lanes, CmpInst::FCMP_OLT, emit_float_extremum},
    {Opcode::f64x2_max, Shape::f64x2, emit_lanes, CmpInst::FCMP_OGT, emit_float_extremum},
    {Opcode::f64x2_pmin, Shape::f64x2, emit_x86_swapped, Intrinsic::x86_sse2_min_pd},
    {Opcode::f64x2_pmax, Shape::f64x2, emit_x86_swapped, Intrinsic::x86_sse2_max_pd},
    // conversions
    {Opcode::i32x4_trunc_sat_f32x4_s, Shape::f32x4, emit_trunc_sat_s},
    {Opcode::i32x4_trunc_sat_f32x4_u, Shape::f32x4, emit_trunc_sat_u},
    {Opcode::i32x4_trunc_sat_f64x2_s_zero, Shape::f64x2, emit_trunc_sat_zero_s},
    {Opcode::i32x4_trunc_sat_f64x2_u_zero, Shape::f64x2, emit_trunc_sat_zero_u},
    {Opcode::f32x4_convert_i32x4_s, Shape::i32x4, emit_vector_convert, Instruction::SIToFP},
    {Opcode::f32x4_convert_i32x4_u, Shape::i32x4, emit_vector_convert, Instruction::UIToFP},
    {Opcode::f64x2_convert_low_i32x4_s, Shape::i32x4, emit_convert_low, Instruction::SIToFP},
    {Opcode::f64x2_convert_low_i32x4_u, Shape::i32x4, emit_convert_low, Instruction::UIToFP},
    {Opcode::f32x4_demote_f64x2_zero, Shape::f64x2, emit_demote_zero},
    {Opcode::f64x2_promote_low_f32x4, Shape::f32x4, emit_convert_low, Instruction::FPExt},
    // relaxed: what one instruction of the host gives
    {Opcode::i8x16_relaxed_swizzle, Shape::i8x16, emit_x86, Intrinsic::x86_ssse3_pshuf_b_128},
    {Opcode::i32x4_relaxed_trunc_f32x4_s, Shape::f32x4, emit_x86, Intrinsic::x86_sse2_cvttps2dq},
    {Opcode::i32x4_relaxed_trunc_f32x4_u, Shape::f32x4, emit_trunc_sat_u},
    {Opcode::i32x4_relaxed_trunc_f64x2_s_zero, Shape::f64x2, emit_x86, Intrinsic::x86_sse2_cvttpd2dq},
    {Opcode::i32x4_relaxed_trunc_f64x2_u_zero, Shape::f64x2, emit_trunc_sat_zero_u},
    {Opcode::f32x4_relaxed_madd, Shape::f32x4, emit_multiply_add},
    {Opcode::f32x4_relaxed_nmadd, Shape::f32x4, emit_negative_multiply_add},
    {Opcode::f32x4_relaxed_min, Shape::f32x4, emit_x86, Intrinsic::x86_sse_min_ps},
    {Opcode::f32x4_relaxed_max, Shape::f32x4, emit_x86, Intrinsic::x86_sse_max_ps},
    {Opcode::f64x2_relaxed_madd, Shape::f64x2, emit_multiply_add},
    {Opcode::f64x2_relaxed_nmadd, Shape::f64x2, emit_negative_multiply_add},
    {Opcode::f64x2_relaxed_min, Shape::f64x2, emit_x86, Intrinsic::x86_sse2_min_pd},
    {Opcode::f64x2_relaxed_max, Shape::f64x2, emit_x86, Intrinsic::x86_sse2_max_pd},
    {Opcode::i8x16_relaxed_laneselect, Shape::i8x16, emit_lane_select},
    {Opcode::i16x8_relaxed_laneselect, Shape::i16x8, emit_lane_select},
    {Opcode::i32x4_relaxed_laneselect, Shape::i32x4, emit_lane_select},
    {Opcode::i64x2_relaxed_laneselect, Shape::i64x2, emit_lane_select},
    {Opcode::i16x8_relaxed_q15mulr_s, Shape::i16x8, emit_x86, Intrinsic::x86_ssse3_pmul_hr_sw_128},
    {Opcode::i16x8_relaxed_dot_i8x16_i7x16_s, Shape::i8x16, emit_dot_i7},
    {Opcode::i32x4_relaxed_dot_i8x16_i7x16_add_s, Shape::i8x16, emit_dot_i7_add},
};
// clang-format on
constexpr auto kRowIndex = index_by_opcode(kRows);
static_assert(covers_handler(kRowIndex, "vector"));

}  // namespace

llvm::FixedVectorType* vector_type(llvm::LLVMContext& context, Shape shape) {
    switch (shape) {
        case Shape::i8x16:
            return llvm::FixedVectorType::get(llvm::Type::getInt8Ty(context), 16);
        case Shape::i16x8:
            return llvm::FixedVectorType::get(llvm::Type::getInt16Ty(context), 8);
        case Shape::i32x4:
            return llvm::FixedVectorType::get(llvm::Type::getInt32Ty(context), 4);
        case Shape::i64x2:
            return llvm::FixedVectorType::get(llvm::Type::getInt64Ty(context), 2);
        case Shape::f32x4:
            return llvm::FixedVectorType::get(llvm::Type::getFloatTy(context), 4);
        case Shape::f64x2:
            return llvm::FixedVectorType::get(llvm::Type::getDoubleTy(context), 2);
    }
    return nullptr;
}

llvm::Value* as_shape(llvm::IRBuilder<>& builder, llvm::Value* value, Shape shape) {
    return builder.CreateBitCast(value, vector_type(builder.getContext(), shape));
}

FunctionEmitter::Value FunctionEmitter::vector(Opcode opcode, std::span<const Value> operands) {
    const VectorRow& row = kRows[kRowIndex[static_cast<std::size_t>(opcode)]];
    llvm::SmallVector<Value, 3> shaped;
    for (Value operand : operands) {
        shaped.push_back(operand->getType()->isVectorTy() ? as_shape(builder_, operand, row.shape)
                                                          : operand);
    }
    Value result = row.emit(*this, row, shaped);
    return result->getType()->isVectorTy() ? as_v128(result) : result;
}

}  // namespace wasmax::codegen
