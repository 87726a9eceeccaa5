;; Atomic accesses: one instruction each, behind a check of the alignment.
;; compile: --tier=t2 CHECK
(module
  (memory 1 1 shared)
  (func (export "load") (param i32) (result i32) (i32.atomic.load offset=4 (local.get 0)))
  ;; CHECK-LABEL: <load>:
  ;; CHECK: test {{.*}}, 0x3
  ;; CHECK: mov eax, dword ptr [{{.*}} + 0x4]
  ;; CHECK: ret

  (func (export "store") (param i32 i64) (i64.atomic.store (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <store>:
  ;; CHECK: test {{.*}}, 0x7
  ;; CHECK: xchg qword ptr

  ;; A byte is always aligned.
  (func (export "add") (param i32 i32) (result i32)
    (i32.atomic.rmw8.add_u (local.get 0) (local.get 1)))
  ;; CHECK-LABEL: <add>:
  ;; CHECK-NOT: test
  ;; CHECK: lock
  ;; CHECK-NEXT: xadd byte ptr

  (func (export "exchange") (param i32 i32 i32) (result i32)
    (i32.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  ;; CHECK-LABEL: <exchange>:
  ;; CHECK: lock
  ;; CHECK-NEXT: cmpxchg dword ptr

  (func (export "fence") (atomic.fence))
  ;; CHECK-LABEL: <fence>:
  ;; CHECK: {{mfence|lock}}
)
