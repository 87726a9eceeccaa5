;; compile: --tier=t2 CHECK
(module
  (import "env" "__stack_pointer" (global $sp (mut i32)))
  (global $constant i64 (i64.const 0x123456789a))
  (global $own (mut f64) (f64.const 0))
  (table 4 externref)

  ;; An imported global is behind a pointer, which is loaded once.
  (func (export "imported")
    global.get $sp
    i32.const 16
    i32.sub
    global.set $sp)
  ;; CHECK-LABEL: <imported>:
  ;; CHECK: mov [[CELL:r..]], qword ptr [rdi + 0x{{[0-9a-f]+}}]
  ;; CHECK-NEXT: add dword ptr {{\[}}[[CELL]]], -0x10
  ;; CHECK-NEXT: pop rbp

  (func (export "constant") (result i64) global.get $constant)
  ;; CHECK-LABEL: <constant>:
  ;; CHECK: movabs rax, 0x123456789a

  (func (export "own") (result f64) global.get $own)
  ;; CHECK-LABEL: <own>:
  ;; CHECK: vmovsd xmm0, qword ptr [rdi + 0x{{[0-9a-f]+}}]
  ;; CHECK-NEXT: pop rbp

  ;; Bounds check, trap code 6, then the reference.
  (func (export "table_get") (param i32) (result externref)
    local.get 0
    table.get 0)
  ;; CHECK-LABEL: <table_get>:
  ;; CHECK: cmp qword ptr [{{r..}} + 0x10], {{r..}}
  ;; CHECK-NEXT: jbe
  ;; CHECK: mov [[REFERENCES:r..]], qword ptr [{{r..}} + 0x8]
  ;; CHECK: mov rax, qword ptr {{\[}}[[REFERENCES]] + 8*
  ;; CHECK: ud1 eax, dword ptr [eax + 0x6]

  ;; Everything else about tables is a builtin, called through the context's table of them.
  (func (export "table_grow") (param i32) (result i32)
    ref.null extern
    local.get 0
    table.grow 0)
  ;; CHECK-LABEL: <table_grow>:
  ;; CHECK: mov [[BUILTINS:r..]], qword ptr [rdi + 0x30]
  ;; CHECK: call qword ptr {{\[}}[[BUILTINS]] + 0x{{[0-9a-f]+}}]
)
