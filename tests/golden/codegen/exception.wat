;; Exceptions cost nothing until they are thrown: the path without one has the call and nothing else.
;; compile: --tier=t2 CHECK
;; compile: --tier=t3 CHECK
;; compile: --tier=t0 FAST
(module
  (import "m" "f" (func $callee (param i32) (result i32)))
  (tag $t (param i32))
  (func (export "catch") (param i32) (result i32)
    (try (result i32)
      (do (call $callee (local.get 0)))
      (catch $t)))
  ;; CHECK-LABEL: <catch>:
  ;; CHECK: call
  ;; CHECK-NEXT: {{add|pop|lea|mov}}
  ;; CHECK-NOT: cmp
  ;; CHECK: ret
  ;; The landing pad has the exception in rax: its tag against ours, its payload, or on to the caller.
  ;; CHECK: mov {{.*}}, qword ptr [rax]
  ;; CHECK: cmp
  ;; CHECK: mov eax, dword ptr [rax + 0x10]
  ;; CHECK: call qword ptr
  ;; FAST-LABEL: <catch>:
  ;; FAST: call
  ;; FAST: mov {{.*}}, rax
  ;; FAST: ret

  ;; The payload goes through spill slots, the tag is a number.
  (func (export "throw") (param i32)
    (throw $t (local.get 0)))
  ;; CHECK-LABEL: <throw>:
  ;; CHECK: mov dword ptr [{{.*}}], esi
  ;; CHECK: {{xor esi, esi|mov esi, 0}}
  ;; CHECK: call qword ptr
)
