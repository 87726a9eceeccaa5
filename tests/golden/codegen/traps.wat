;; compile: --tier=t2 CHECK
;; compile: --tier=t0 CHECK
;; compile: --tier=t3 CHECK
(module
  ;; The immediate is the code in abi/traps.def.
  (func (export "unreachable") unreachable)
  ;; CHECK-LABEL: <unreachable>:
  ;; CHECK: ud1 eax, dword ptr [eax + 0x1]

  (func (export "div_u") (param i64 i64) (result i64)
    local.get 0
    local.get 1
    i64.div_u)
  ;; CHECK-LABEL: <div_u>:
  ;; CHECK-NOT: ud1 eax, dword ptr [eax + 0x3]
  ;; CHECK-DAG: div
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x2]

  (func (export "div_s") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.div_s)
  ;; CHECK-LABEL: <div_s>:
  ;; CHECK-DAG: idiv
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x2]
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x3]

  ;; The remainder by -1 is defined.
  (func (export "rem_s") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.rem_s)
  ;; CHECK-LABEL: <rem_s>:
  ;; CHECK-NOT: ud1 eax, dword ptr [eax + 0x3]
  ;; CHECK-DAG: -0x1
  ;; CHECK-DAG: idiv
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x2]

  ;; A literal divisor needs no check.
  (func (export "tenth") (param i32) (result i32)
    local.get 0
    i32.const 10
    i32.div_s)
  ;; CHECK-LABEL: <tenth>:
  ;; CHECK-NOT: ud1
  ;; CHECK: ret

  ;; Each site keeps an instruction of its own, and with it its place in the module.
  (func (export "sites") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.div_u
    local.get 1
    local.get 0
    i32.div_u
    i32.add)
  ;; CHECK-LABEL: <sites>:
  ;; CHECK-COUNT-2: ud1 eax, dword ptr [eax + 0x2]

  (func (export "trunc") (param f64) (result i32)
    local.get 0
    i32.trunc_f64_s)
  ;; CHECK-LABEL: <trunc>:
  ;; CHECK-DAG: ucomisd
  ;; CHECK-DAG: cvttsd2si
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x4]
  ;; CHECK-DAG: ud1 eax, dword ptr [eax + 0x3]

  ;; Saturation does not trap.
  (func (export "saturate") (param f64) (result i32)
    local.get 0
    i32.trunc_sat_f64_s)
  ;; CHECK-LABEL: <saturate>:
  ;; CHECK-NOT: ud1
  ;; CHECK: ret
)
