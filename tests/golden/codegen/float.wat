;; compile: --tier=t2 CHECK
;; compile: --tier=t3 CHECK
(module
  ;; Branch-free, right for zeros of both signs, and quiet for signalling NaNs.
  (func (export "min") (param f32 f32) (result f32)
    local.get 0
    local.get 1
    f32.min)
  ;; CHECK-LABEL: <min>:
  ;; CHECK-NOT: j{{[a-z]+}} 0x
  ;; CHECK-DAG: vminss xmm{{.*}}, xmm0, xmm1
  ;; CHECK-DAG: vminss xmm{{.*}}, xmm1, xmm0
  ;; CHECK-DAG: vorps
  ;; CHECK-DAG: vaddss
  ;; CHECK-DAG: vcmpunordss
  ;; CHECK: ret

  (func (export "max") (param f64 f64) (result f64)
    local.get 0
    local.get 1
    f64.max)
  ;; CHECK-LABEL: <max>:
  ;; CHECK-NOT: j{{[a-z]+}} 0x
  ;; CHECK-COUNT-2: vmaxsd
  ;; CHECK: vandp
  ;; CHECK: ret

  ;; The product by one quiets a signalling NaN, so it stays an instruction.
  (func (export "times_one") (param f32) (result f32)
    local.get 0
    f32.const 1
    f32.mul)
  ;; CHECK-LABEL: <times_one>:
  ;; CHECK: vmulss
  ;; CHECK: ret

  ;; Other literals need no such care, alone or in a vector.
  (func (export "plus_one_times_two") (param f32) (result f32)
    local.get 0
    f32.const 1
    f32.add
    f32.const 2
    f32.mul)
  ;; CHECK-LABEL: <plus_one_times_two>:
  ;; CHECK-NOT: vmulss
  ;; CHECK: ret

  (func (export "quarter_of_each") (param v128) (result v128)
    local.get 0
    v128.const f32x4 0.25 0.25 0.25 0.25
    f32x4.mul)
  ;; CHECK-LABEL: <quarter_of_each>:
  ;; CHECK-COUNT-1: mulps
  ;; CHECK-NOT: mulps
  ;; CHECK: ret

  (func (export "nearest") (param f64) (result f64)
    local.get 0
    f64.nearest)
  ;; CHECK-LABEL: <nearest>:
  ;; CHECK: vroundsd xmm0, xmm0, xmm0, 0x8
  ;; CHECK: ret

  ;; No fast-math: the sum keeps its order and the quotient stays a division.
  (func (export "ordered") (param f64 f64 f64) (result f64)
    local.get 0
    local.get 1
    f64.add
    local.get 2
    f64.add
    f64.const 3
    f64.div)
  ;; CHECK-LABEL: <ordered>:
  ;; CHECK: vaddsd xmm0, xmm0, xmm1
  ;; CHECK: vaddsd xmm0, xmm0, xmm2
  ;; CHECK: vdivsd
  ;; CHECK: ret
)
