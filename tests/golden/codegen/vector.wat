;; One function per class of vector instructions, and what it becomes with AVX2.
;; compile: --tier=t2 CHECK
(module
  (memory 1)

  ;; Lane-wise integer operations are one instruction.
  (func (export "add") (param v128 v128) (result v128) (i8x16.add (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <add>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpaddb
  ;; CHECK-NEXT: pop rbp
  (func (export "mul") (param v128 v128) (result v128) (i16x8.mul (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <mul>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmullw
  ;; CHECK-NEXT: pop rbp
  (func (export "min_u") (param v128 v128) (result v128) (i32x4.min_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <min_u>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpminud
  ;; CHECK-NEXT: pop rbp
  (func (export "add_sat_u") (param v128 v128) (result v128) (i8x16.add_sat_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <add_sat_u>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpaddusb
  ;; CHECK-NEXT: pop rbp
  (func (export "avgr_u") (param v128 v128) (result v128) (i8x16.avgr_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <avgr_u>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpavgb
  ;; CHECK-NEXT: pop rbp
  (func (export "abs") (param v128) (result v128) (i32x4.abs (local.get 0)))
  ;; CHECK-LABEL: <abs>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpabsd
  ;; CHECK-NEXT: pop rbp
  (func (export "neg") (param v128) (result v128) (i64x2.neg (local.get 0)))
  ;; CHECK-LABEL: <neg>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpxor
  ;; CHECK-NEXT: vpsubq
  ;; CHECK-NEXT: pop rbp
  (func (export "compare") (param v128 v128) (result v128) (i32x4.gt_s (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <compare>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpcmpgtd
  ;; CHECK-NEXT: pop rbp

  ;; There is no unsigned comparison: the greater one of both is compared.
  (func (export "compare_unsigned") (param v128 v128) (result v128)
    (i16x8.ge_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <compare_unsigned>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmaxuw
  ;; CHECK-NEXT: vpcmpeqw
  ;; CHECK-NEXT: pop rbp
  (func (export "andnot") (param v128 v128) (result v128) (v128.andnot (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <andnot>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vandnps
  ;; CHECK-NEXT: pop rbp
  (func (export "bitselect") (param v128 v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (local.get 2)))
  ;; CHECK-LABEL: <bitselect>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vandps
  ;; CHECK-NEXT: vandnps
  ;; CHECK-NEXT: vorps
  ;; CHECK-NEXT: pop rbp
  (func (export "any_true") (param v128) (result i32) (v128.any_true (local.get 0)))
  ;; CHECK-LABEL: <any_true>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: xor
  ;; CHECK-NEXT: vptest
  ;; CHECK-NEXT: setne
  ;; CHECK-NEXT: pop rbp
  (func (export "all_true") (param v128) (result i32) (i16x8.all_true (local.get 0)))
  ;; CHECK-LABEL: <all_true>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpxor
  ;; CHECK-NEXT: vpcmpeqw
  ;; CHECK-NEXT: vpmovmskb
  ;; CHECK-NEXT: xor
  ;; CHECK-NEXT: test
  ;; CHECK-NEXT: sete
  ;; CHECK-NEXT: pop rbp
  (func (export "bitmask") (param v128) (result i32) (i8x16.bitmask (local.get 0)))
  ;; CHECK-LABEL: <bitmask>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmovmskb
  ;; CHECK-NEXT: pop rbp

  ;; The count is masked.
  (func (export "shift") (param v128 i32) (result v128) (i32x4.shl (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <shift>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: and
  ;; CHECK-NEXT: vmovd
  ;; CHECK-NEXT: vpslld
  ;; CHECK-NEXT: pop rbp

  ;; There is no shift of bytes: words, and a mask.
  (func (export "shift_bytes") (param v128 i32) (result v128) (i8x16.shr_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <shift_bytes>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: and
  ;; CHECK-NEXT: vmovd
  ;; CHECK-NEXT: vpsrlw
  ;; CHECK-NEXT: vpcmpeqd
  ;; CHECK-NEXT: vpsrlw
  ;; CHECK-NEXT: vpshufb
  ;; CHECK-NEXT: vpand
  ;; CHECK-NEXT: pop rbp
  (func (export "splat") (param i32) (result v128) (i8x16.splat (local.get 0)))
  ;; CHECK-LABEL: <splat>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vmovd
  ;; CHECK-NEXT: vpbroadcastb
  ;; CHECK-NEXT: pop rbp

  ;; Indices from 16 to 127 must give zero: they are saturated to set their highest bit.
  (func (export "swizzle") (param v128 v128) (result v128) (i8x16.swizzle (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <swizzle>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpaddusb
  ;; CHECK-NEXT: vpshufb
  ;; CHECK-NEXT: pop rbp
  (func (export "shuffle") (param v128 v128) (result v128)
    (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <shuffle>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpunpcklbw
  ;; CHECK-NEXT: pop rbp
  (func (export "extract") (param v128) (result i32) (i16x8.extract_lane_s 3 (local.get 0)))
  ;; CHECK-LABEL: <extract>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpextrw
  ;; CHECK-NEXT: cwde
  ;; CHECK-NEXT: pop rbp
  (func (export "replace") (param v128 i32) (result v128)
    (i32x4.replace_lane 1 (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <replace>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpinsrd
  ;; CHECK-NEXT: pop rbp
  (func (export "extend") (param v128) (result v128) (i16x8.extend_high_i8x16_u (local.get 0)))
  ;; CHECK-LABEL: <extend>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpxor
  ;; CHECK-NEXT: vpunpckhbw
  ;; CHECK-NEXT: pop rbp
  (func (export "extmul") (param v128 v128) (result v128)
    (i64x2.extmul_low_i32x4_s (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <extmul>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmovzxdq
  ;; CHECK-NEXT: vpmovzxdq
  ;; CHECK-NEXT: vpmuldq
  ;; CHECK-NEXT: pop rbp
  (func (export "pairwise") (param v128) (result v128) (i32x4.extadd_pairwise_i16x8_s (local.get 0)))
  ;; CHECK-LABEL: <pairwise>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpsrad
  ;; CHECK-NEXT: vpslld
  ;; CHECK-NEXT: vpsrad
  ;; CHECK-NEXT: vpaddd
  ;; CHECK-NEXT: pop rbp
  (func (export "narrow") (param v128 v128) (result v128)
    (i8x16.narrow_i16x8_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <narrow>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpackuswb
  ;; CHECK-NEXT: pop rbp

  ;; The product of two minimums saturates.
  (func (export "q15mulr") (param v128 v128) (result v128)
    (i16x8.q15mulr_sat_s (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <q15mulr>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmulhrsw
  ;; CHECK-NEXT: vpcmpeqw
  ;; CHECK-NEXT: vpxor
  ;; CHECK-NEXT: pop rbp
  (func (export "dot") (param v128 v128) (result v128) (i32x4.dot_i16x8_s (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <dot>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmaddwd
  ;; CHECK-NEXT: pop rbp
  (func (export "popcnt") (param v128) (result v128) (i8x16.popcnt (local.get 0)))
  ;; CHECK-LABEL: <popcnt>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpbroadcastd
  ;; CHECK-NEXT: vpand
  ;; CHECK-NEXT: vmovdqa
  ;; CHECK-NEXT: vpshufb
  ;; CHECK-NEXT: vpsrlw
  ;; CHECK-NEXT: vpand
  ;; CHECK-NEXT: vpshufb
  ;; CHECK-NEXT: vpaddb
  ;; CHECK-NEXT: pop rbp

  ;; Floating point.
  (func (export "float_add") (param v128 v128) (result v128) (f32x4.add (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <float_add>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vaddps
  ;; CHECK-NEXT: pop rbp
  (func (export "nearest") (param v128) (result v128) (f64x2.nearest (local.get 0)))
  ;; CHECK-LABEL: <nearest>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vroundpd
  ;; CHECK-NEXT: pop rbp

  ;; Both ways, so that zeros and NaNs come out right.
  (func (export "float_min") (param v128 v128) (result v128) (f32x4.min (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <float_min>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vminps
  ;; CHECK-NEXT: vminps
  ;; CHECK-NEXT: vorps
  ;; CHECK-NEXT: vcmpunordps
  ;; CHECK-NEXT: vaddps
  ;; CHECK-NEXT: vblendvps
  ;; CHECK-NEXT: pop rbp
  (func (export "pmin") (param v128 v128) (result v128) (f64x2.pmin (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <pmin>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vminpd
  ;; CHECK-NEXT: pop rbp

  ;; Not the intrinsic, which would take lane by lane: NaN to zero, and a fix of what is too large.
  (func (export "trunc_sat_s") (param v128) (result v128) (i32x4.trunc_sat_f32x4_s (local.get 0)))
  ;; CHECK-LABEL: <trunc_sat_s>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vxorps
  ;; CHECK-NEXT: vcmpordps
  ;; CHECK-NEXT: vandps
  ;; CHECK-NEXT: vbroadcastss
  ;; CHECK-NEXT: vcmpleps
  ;; CHECK-NEXT: vcvttps2dq
  ;; CHECK-NEXT: vxorps
  ;; CHECK-NEXT: pop rbp
  (func (export "trunc_sat_u") (param v128) (result v128) (i32x4.trunc_sat_f32x4_u (local.get 0)))
  ;; CHECK-LABEL: <trunc_sat_u>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vxorps
  ;; CHECK-NEXT: vmaxps
  ;; CHECK-NEXT: vbroadcastss
  ;; CHECK-NEXT: vaddps
  ;; CHECK-NEXT: vbroadcastss
  ;; CHECK-NEXT: vcmpleps
  ;; CHECK-NEXT: vcvttps2dq
  ;; CHECK-NEXT: vxorps
  ;; CHECK-NEXT: vpmaxsd
  ;; CHECK-NEXT: vcvttps2dq
  ;; CHECK-NEXT: vpaddd
  ;; CHECK-NEXT: pop rbp
  (func (export "convert") (param v128) (result v128) (f32x4.convert_i32x4_s (local.get 0)))
  ;; CHECK-LABEL: <convert>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vcvtdq2ps
  ;; CHECK-NEXT: pop rbp
  (func (export "convert_low") (param v128) (result v128) (f64x2.convert_low_i32x4_s (local.get 0)))
  ;; CHECK-LABEL: <convert_low>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vcvtdq2pd
  ;; CHECK-NEXT: pop rbp
  (func (export "demote") (param v128) (result v128) (f32x4.demote_f64x2_zero (local.get 0)))
  ;; CHECK-LABEL: <demote>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vcvtpd2ps
  ;; CHECK-NEXT: pop rbp
  (func (export "promote") (param v128) (result v128) (f64x2.promote_low_f32x4 (local.get 0)))
  ;; CHECK-LABEL: <promote>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vcvtps2pd
  ;; CHECK-NEXT: pop rbp

  ;; Relaxed instructions are what the machine does.
  (func (export "relaxed_swizzle") (param v128 v128) (result v128)
    (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <relaxed_swizzle>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpshufb
  ;; CHECK-NEXT: pop rbp
  (func (export "relaxed_trunc") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  ;; CHECK-LABEL: <relaxed_trunc>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vcvttps2dq
  ;; CHECK-NEXT: pop rbp
  (func (export "madd") (param v128 v128 v128) (result v128)
    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  ;; CHECK-LABEL: <madd>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vfmadd213ps
  ;; CHECK-NEXT: pop rbp
  (func (export "nmadd") (param v128 v128 v128) (result v128)
    (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
  ;; CHECK-LABEL: <nmadd>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vfnmadd213pd
  ;; CHECK-NEXT: pop rbp
  (func (export "relaxed_min") (param v128 v128) (result v128)
    (f32x4.relaxed_min (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <relaxed_min>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vminps
  ;; CHECK-NEXT: pop rbp
  (func (export "laneselect") (param v128 v128 v128) (result v128)
    (i8x16.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  ;; CHECK-LABEL: <laneselect>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpblendvb
  ;; CHECK-NEXT: pop rbp
  (func (export "relaxed_q15mulr") (param v128 v128) (result v128)
    (i16x8.relaxed_q15mulr_s (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <relaxed_q15mulr>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK-NEXT: vpmulhrsw
  ;; CHECK-NEXT: pop rbp

  ;; Memory: the address folds into the access.
  (func (export "load_splat") (param i32) (result v128) (v128.load32_splat offset=16 (local.get 0)))
  ;; CHECK-LABEL: <load_splat>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK: vbroadcastss {{xmm.}}, dword ptr [rax + rcx + 0x10]
  ;; CHECK-NEXT: pop rbp
  (func (export "load_extend") (param i32) (result v128) (v128.load8x8_u (local.get 0)))
  ;; CHECK-LABEL: <load_extend>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK: vpmovzxbw {{xmm.}}, qword ptr [rax + rcx]
  ;; CHECK-NEXT: pop rbp
  (func (export "load_zero") (param i32) (result v128) (v128.load64_zero (local.get 0)))
  ;; CHECK-LABEL: <load_zero>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK: vmovsd {{xmm.}}, qword ptr [rax + rcx]
  ;; CHECK-NEXT: pop rbp
  (func (export "load_lane") (param i32 v128) (result v128)
    (v128.load16_lane 2 (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <load_lane>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK: vpinsrw {{xmm.}}, {{xmm.}}, word ptr [rax + rcx], 0x2
  ;; CHECK-NEXT: pop rbp
  (func (export "store_lane") (param i32 v128) (v128.store32_lane 1 (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <store_lane>:
  ;; CHECK: mov rbp, rsp
  ;; CHECK: vextractps dword ptr [rax + rcx], {{xmm.}}, 0x1
  ;; CHECK-NEXT: pop rbp
)
