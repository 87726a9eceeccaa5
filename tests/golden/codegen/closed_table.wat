;; compile: --tier=t2 CHECK
;; A table that only the module's active segments fill, with functions of the module, never changes.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (table $closed 8 funcref)
  (table $exported (export "table") 8 funcref)
  (table $written 8 funcref)
  (elem (table $closed) (i32.const 0) func $minus)
  (elem (table $exported) (i32.const 0) func $minus)
  (elem (table $written) (i32.const 0) func $minus)
  (func $minus (type $binary) local.get 0 local.get 1 i32.sub)

  ;; The callee's context is the caller's, and the second call of one entry needs no check.
  (func (export "twice") (param i32) (result i32)
    i32.const 1
    i32.const 2
    local.get 0
    call_indirect $closed (type $binary)
    i32.const 3
    local.get 0
    call_indirect $closed (type $binary))
  ;; CHECK-LABEL: <twice>:
  ;; CHECK-NOT: [rdi + 0x20]
  ;; CHECK: + 0x8], 0x40000125
  ;; CHECK-NEXT: jne
  ;; CHECK: call
  ;; CHECK-NOT: 0x40000125
  ;; CHECK: call

  ;; Other modules may put their functions into a table that they can name.
  (func (export "from_exported") (param i32) (result i32)
    i32.const 1
    i32.const 2
    local.get 0
    call_indirect $exported (type $binary))
  ;; CHECK-LABEL: <from_exported>:
  ;; CHECK: qword ptr [rdi + 0x20]
  ;; CHECK: call

  (func (export "from_written") (param i32 funcref) (result i32)
    i32.const 0
    local.get 1
    table.set $written
    i32.const 1
    i32.const 2
    local.get 0
    call_indirect $written (type $binary))
  ;; CHECK-LABEL: <from_written>:
  ;; CHECK: 0x40000125
  ;; CHECK: + 0x20]
  ;; CHECK: call
)
