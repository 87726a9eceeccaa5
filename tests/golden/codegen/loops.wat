;; compile: --tier=t3 CHECK
;; compile: --tier=t2 T2
;; What each tier does to loops.
(module
  (memory 1)

  ;; t3: consecutive stores become stores of vectors.
  (func (export "dense") (param $to i32) (param $end i32)
    (loop $next
      (i32.store (local.get $to) (local.get $end))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (br_if $next (i32.ne (local.get $to) (local.get $end)))))
  ;; CHECK-LABEL: <dense>:
  ;; CHECK: vmovdqu{{.*}} ymmword ptr
  ;; CHECK-LABEL: <scattered>:
  ;; T2-LABEL: <dense>:
  ;; T2-NOT: ymm
  ;; T2-LABEL: <scattered>:

  ;; Stores a variable distance apart stay as they are.
  (func (export "scattered") (param $to i32) (param $end i64) (param $step i32) (param $at i64)
    (loop $next
      (i32.store8 (local.get $to) (i32.const 1))
      (local.set $to (i32.add (local.get $to) (local.get $step)))
      (local.set $at (i64.add (local.get $at) (i64.extend_i32_u (local.get $step))))
      (br_if $next (i64.lt_u (local.get $at) (local.get $end)))))
  ;; CHECK-NOT: vpextr
  ;; CHECK: mov byte ptr
  ;; CHECK-NOT: vpextr
  ;; CHECK-LABEL: <short>:

  ;; A loop of few rounds is no loop.
  (func (export "short") (param $x i32) (result i32) (local $i i32)
    (loop $next
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 31)) (local.get $i)))
      (br_if $next
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))
    (local.get $x))
  ;; CHECK-NOT: j{{[a-z]+ }}
  ;; CHECK: ret
  ;; CHECK-LABEL: <endless>:

  ;; Endless recursion exhausts the stack, so it stays a call.
  (func $endless (export "endless") (param i32)
    (call $endless (i32.add (local.get 0) (i32.const 1))))
  ;; CHECK: call {{.*}} <endless>
)
