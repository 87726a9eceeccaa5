;; A tail call is a jump that leaves no frame behind, whatever the prototypes: musttail with the
;; normalised prototype (docs in codegen/impl/module_emitter.h).
;; compile: --tier=t2 CHECK
;; compile: --tier=t0 CHECK
(module
  (import "wasix_32v1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (type $wide (func (param i32 i64 f32 f64 i32 i64 i32) (result i32)))
  (table 2 funcref)
  (func $narrow (export "narrow") (param i32) (result i32)
    (return_call $wide (local.get 0) (i64.const 1) (f32.const 2) (f64.const 3) (i32.const 4)
      (i64.const 5) (i32.const 6)))
  ;; CHECK-LABEL: <narrow>:
  ;; CHECK-NOT: call
  ;; CHECK: jmp {{.*}}<wide>

  (func $wide (export "wide") (type $wide)
    (return_call_indirect (type $wide) (local.get 4) (local.get 1) (local.get 2) (local.get 3)
      (local.get 0) (local.get 5) (local.get 6) (i32.const 1)))
  ;; CHECK-LABEL: <wide>:
  ;; CHECK: jmp {{r[a-z0-9]+|qword ptr}}

  ;; Host functions return here: they may take stack arguments.
  (func (export "host") (result i32)
    (return_call $fd_write (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)))
  ;; CHECK-LABEL: <host>:
  ;; CHECK: call qword ptr [{{rdi|rax}}
  ;; CHECK: ret
)
