;; compile: --tier=t2 CHECK
;; compile: --tier=t0 FAST
;; compile: --tier=t2 --strict STRICT
;; compile: --tier=t3 LOOPS
(module
  (memory 1)

  ;; One instruction per access: base + zero-extended index + offset, no check.
  (func (export "offset") (param i32) (result i32)
    local.get 0
    i32.load offset=16)
  ;; CHECK-LABEL: <offset>:
  ;; CHECK: mov [[BASE:r..]], qword ptr [rdi]{{$}}
  ;; CHECK: mov [[INDEX:e..]], esi
  ;; CHECK: mov eax, dword ptr {{\[}}[[BASE]] + {{r..}} + 0x10]
  ;; CHECK-NOT: cmp
  ;; CHECK: ret
  ;; FAST-LABEL: <offset>:
  ;; FAST-NOT: cmp
  ;; FAST: ret

  ;; An index of 32 bits is never sign-extended.
  (func (export "extension") (param i32 i32) (result i64)
    local.get 0
    local.get 1
    i32.add
    i64.load16_s)
  ;; CHECK-LABEL: <extension>:
  ;; CHECK-NOT: movsxd
  ;; CHECK: add {{e[a-z0-9]+}}, {{e[a-z0-9]+}}
  ;; CHECK: movsx rax, word ptr [
  ;; CHECK: ret

  ;; The fields of one struct share the address.
  (func (export "fields") (param i32)
    local.get 0
    local.get 0
    i32.load offset=4
    i32.store offset=8)
  ;; CHECK-LABEL: <fields>:
  ;; CHECK: mov [[VALUE:e..]], dword ptr {{\[}}[[ADDRESS:r.. \+ r..]] + 0x4]
  ;; CHECK-NEXT: mov dword ptr {{\[}}[[ADDRESS]] + 0x8], [[VALUE]]

  ;; The largest offset needs no check either.
  (func (export "far") (param i32) (result i32)
    local.get 0
    i32.load8_u offset=0xffffffff)
  ;; CHECK-LABEL: <far>:
  ;; CHECK-NOT: cmp
  ;; CHECK: movzx eax, byte ptr
  ;; CHECK: ret

  ;; A load that is dropped at once is a probe and stays.
  (func (export "probe") (param i32)
    local.get 0
    i32.load
    drop)
  ;; CHECK-LABEL: <probe>:
  ;; CHECK: {{mov|cmp}} {{.*}}dword ptr [{{r.. \+ r..}}]
  ;; CHECK: ret

  ;; Two loads of one place are one, unless every access must happen.
  (func (export "twice") (param i32) (result i32)
    local.get 0
    i32.load
    local.get 0
    i32.load
    i32.add)
  ;; CHECK-LABEL: <twice>:
  ;; CHECK-COUNT-1: dword ptr [
  ;; CHECK-NOT: dword ptr [
  ;; CHECK: ret
  ;; STRICT-LABEL: <twice>:
  ;; STRICT-COUNT-2: dword ptr [{{r.. \+ r..}}]
  ;; STRICT: ret

  ;; A store to memory does not change the memory's base or a global.
  (global $g (mut i32) (i32.const 0))
  (func (export "alias") (param i32) (result i32)
    global.get $g
    local.get 0
    i32.const 1
    i32.store
    global.get $g
    i32.add)
  ;; LOOPS-LABEL: <alias>:
  ;; LOOPS-COUNT-1: dword ptr [rdi + {{.*}}]
  ;; LOOPS-NOT: dword ptr [rdi
  ;; LOOPS: ret

  (func (export "size") (result i32) memory.size)
  ;; CHECK-LABEL: <size>:
  ;; CHECK: mov [[STATE:r..]], qword ptr [rdi + 0x8]
  ;; The byte count from its bit 16 on.
  ;; CHECK-NEXT: mov eax, dword ptr {{\[}}[[STATE]] + 0xa]
)
