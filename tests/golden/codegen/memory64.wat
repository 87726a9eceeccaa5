;; compile: --tier=t2 CHECK
;; compile: --tier=t0 FAST
(module
  (memory i64 1)

  ;; One comparison of the index with the size of the reservation (2^38), whose pages do the rest; a
  ;; constant offset is part of the access.
  (func (export "offset") (param i64) (result i32)
    local.get 0
    i32.load offset=16)
  ;; CHECK-LABEL: <offset>:
  ;; CHECK: shr [[HIGH:r..]], 0x26
  ;; CHECK-NEXT: jne
  ;; CHECK-NOT: cmp
  ;; CHECK: mov [[BASE:r..]], qword ptr [rdi]{{$}}
  ;; CHECK-NEXT: mov eax, dword ptr {{\[}}[[BASE]] + rsi + 0x10]
  ;; CHECK: ret
  ;; CHECK-NEXT: ud1 eax, dword ptr [eax + 0x5]
  ;; FAST-LABEL: <offset>:
  ;; FAST: ud1 eax, dword ptr [eax + 0x5]

  ;; Fields of one struct share the comparison.
  (func (export "fields") (param i64) (result i32)
    local.get 0
    i32.load
    local.get 0
    i32.load offset=4
    i32.add)
  ;; CHECK-LABEL: <fields>:
  ;; CHECK: shr {{r..}}, 0x26
  ;; CHECK-NEXT: jne
  ;; CHECK-NOT: shr
  ;; CHECK: ret
)
