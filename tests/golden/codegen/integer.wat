;; compile: --tier=t2 CHECK
(module
  ;; The hardware masks shift counts as wasm does.
  (func (export "shl") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.shl)
  ;; CHECK-LABEL: <shl>:
  ;; CHECK: shlx eax, esi, edx
  ;; CHECK-NEXT: pop rbp

  (func (export "rotl") (param i64 i64) (result i64)
    local.get 0
    local.get 1
    i64.rotl)
  ;; CHECK-LABEL: <rotl>:
  ;; CHECK: rol rax, cl

  (func (export "clz") (param i32) (result i32)
    local.get 0
    i32.clz)
  ;; CHECK-LABEL: <clz>:
  ;; CHECK: lzcnt eax, esi
  ;; CHECK-NEXT: pop rbp

  (func (export "extend8_s") (param i64) (result i64)
    local.get 0
    i64.extend8_s)
  ;; CHECK-LABEL: <extend8_s>:
  ;; CHECK: movsx rax, sil
  ;; CHECK-NEXT: pop rbp

  (func (export "wrap") (param i64) (result i32)
    local.get 0
    i32.wrap_i64)
  ;; CHECK-LABEL: <wrap>:
  ;; CHECK: mov rax, rsi
  ;; CHECK-NEXT: pop rbp

  ;; No pass may turn a loop into memset: it would fault outside our code.
  (memory 1)
  (func (export "clear") (param $to i32) (param $end i32)
    loop
      local.get $to
      i32.const 0
      i32.store8
      local.get $to
      i32.const 1
      i32.add
      local.tee $to
      local.get $end
      i32.lt_u
      br_if 0
    end)
  ;; CHECK-LABEL: <clear>:
  ;; CHECK-NOT: call
  ;; CHECK: mov byte ptr [
  ;; CHECK: ret
)
