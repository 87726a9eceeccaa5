;; compile: --tier=t2 CHECK
;; compile: --tier=t0 FAST
(module
  (import "wasix_32v1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasix_32v1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "env" "linked" (func $linked (param f64) (result i64)))
  (type $binary (func (param i32 i32) (result i32)))
  (type $long (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (table $first 8 funcref)
  (table $second 8 funcref)
  (elem (i32.const 0) $fd_write)

  ;; A leaf has no stack check.
  (func (export "leaf") (param i32) (result i32) local.get 0)
  ;; CHECK-LABEL: <leaf>:
  ;; CHECK-NOT: cmp
  ;; CHECK: ret
  ;; FAST-LABEL: <leaf>:
  ;; FAST-NOT: cmp
  ;; FAST: ret

  ;; A function that calls compares its frame with stack_limit; the call of stack_check saves nothing,
  ;; so rsi is still the parameter behind it.
  (func $recurse (export "recurse") (param i32)
    local.get 0
    call $recurse)
  ;; CHECK-LABEL: <recurse>:
  ;; CHECK: push rbp
  ;; CHECK-NEXT: mov rbp, rsp
  ;; CHECK-NEXT: cmp qword ptr [rdi + 0x18], rbp
  ;; CHECK-NEXT: ja 0x[[#%x,CHECK:]]
  ;; CHECK-NEXT: call {{.*}} <recurse>
  ;; CHECK-NEXT: pop rbp
  ;; CHECK-NEXT: ret
  ;; CHECK-NEXT: mov rax, qword ptr [rdi + 0x30]
  ;; CHECK-NEXT: call qword ptr [rax]
  ;; CHECK-NEXT: jmp
  ;; FAST-LABEL: <recurse>:
  ;; FAST: [rdi + 0x18]
  ;; FAST: call {{.*}} <recurse>

  ;; A host call is one call through the context's slot.
  (func (export "host") (result i32)
    i32.const 1
    i32.const 8
    i32.const 1
    i32.const 4
    call $fd_write)
  ;; CHECK-LABEL: <host>:
  ;; CHECK: mov esi, 0x1
  ;; CHECK-NEXT: mov edx, 0x8
  ;; CHECK-NEXT: mov ecx, 0x1
  ;; CHECK-NEXT: mov r8d, 0x4
  ;; CHECK-NEXT: call qword ptr [rdi + 0x{{[0-9a-f]+}}]
  ;; CHECK-NEXT: pop rbp
  ;; CHECK-NEXT: ret

  ;; With more arguments than registers it uses the stack, as C does.
  (func (export "host9") (result i32)
    i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i64.const 6 i64.const 7
    i32.const 8 i32.const 9
    call $path_open)
  ;; CHECK-LABEL: <host9>:
  ;; CHECK-DAG: mov r9d, 0x5
  ;; CHECK-DAG: push 0x9
  ;; CHECK-DAG: push 0x8
  ;; CHECK: call qword ptr [rdi + 0x{{[0-9a-f]+}}]

  ;; A linked import brings its own context.
  (func (export "link") (result i64)
    f64.const 1
    call $linked)
  ;; CHECK-LABEL: <link>:
  ;; CHECK: mov rdi, qword ptr {{\[}}[[CONTEXT:r..]] + 0x[[#%x,SLOT:]]]
  ;; CHECK: call qword ptr {{\[}}[[CONTEXT]] + 0x[[#%x,SLOT - 8]]]

  ;; No bounds check: the type decides. 0x40000125 is (i32, i32) -> i32.
  (func (export "indirect") (param i32 i32 i32) (result i32)
    local.get 1
    local.get 2
    local.get 0
    call_indirect $first (type $binary))
  ;; CHECK-LABEL: <indirect>:
  ;; CHECK: mov [[TABLE:r[0-9a-z]+]], qword ptr [rdi + 0x10]
  ;; CHECK: shl [[INDEX:r[0-9a-z]+]], 0x4
  ;; CHECK-NEXT: cmp dword ptr {{\[}}[[TABLE]] + [[INDEX]] + 0x8], 0x40000125
  ;; CHECK-NEXT: jne
  ;; CHECK: mov [[MODULE:e..]], dword ptr {{\[}}[[TABLE]] + [[INDEX]] + 0xc]
  ;; CHECK: mov [[CONTEXTS:r[0-9a-z]+]], qword ptr [rdi + 0x20]
  ;; CHECK: mov rdi, qword ptr {{\[}}[[CONTEXTS]] + 8*
  ;; CHECK: call qword ptr {{\[}}[[TABLE]] + [[INDEX]]]
  ;; The mismatch is a call of the builtin with the table and the index.
  ;; CHECK: xor esi, esi
  ;; CHECK: call qword ptr [{{r..}} + 0x8]

  ;; A type of many values has its id in the context, another table its own slot.
  (func (export "indirect_long") (param i32)
    i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5
    i32.const 6 i32.const 7 i32.const 8 i32.const 9 i32.const 10
    local.get 0
    call_indirect $second (type $long))
  ;; CHECK-LABEL: <indirect_long>:
  ;; CHECK-NOT: [rdi + 0x10]
  ;; CHECK: mov [[TYPE:e..]], dword ptr {{.*}} + 0x8]
  ;; CHECK: cmp [[TYPE]], dword ptr [rdi + 0x{{[0-9a-f]+}}]
  ;; Arguments 6 to 10 travel through the spill area, 16 bytes each.
  ;; CHECK: mov [[SPILL:r[0-9a-z]+]], qword ptr [rdi + 0x38]
  ;; CHECK: dword ptr {{\[}}[[SPILL]]], 0x6
  ;; CHECK: dword ptr {{\[}}[[SPILL]] + 0x10], 0x7
  ;; CHECK: dword ptr {{\[}}[[SPILL]] + 0x40], 0xa

  ;; What calls a host function by the wasm convention calls this.
  ;; CHECK-LABEL: <fd_write[wrapper]>:
  ;; CHECK: call qword ptr [rdi + 0x{{[0-9a-f]+}}]
  ;; CHECK: ret
)
