;; compile: --tier=t2 CHECK
;; compile: --tier=t0 FAST
(module
  ;; A comparison and the branch on it are one pair of instructions on every tier.
  (func (export "compare_and_branch") (param i32 i32) (result i32)
    block
      local.get 0
      local.get 1
      i32.lt_s
      br_if 0
      i32.const 1
      return
    end
    i32.const 2)
  ;; CHECK-LABEL: <compare_and_branch>:
  ;; CHECK-NOT: movzx
  ;; CHECK: cmp esi, edx
  ;; CHECK: ret
  ;; FAST-LABEL: <compare_and_branch>:
  ;; FAST: cmp
  ;; FAST-NEXT: {{j(l|ge)}} 0x
  ;; FAST: ret

  ;; `eqz` of a comparison inverts it.
  (func (export "inverted") (param f64 f64) (result i32)
    local.get 0
    local.get 1
    f64.lt
    i32.eqz
    if (result i32)
      i32.const 1
    else
      i32.const 2
    end)
  ;; FAST-LABEL: <inverted>:
  ;; FAST: ucomisd
  ;; FAST-NEXT: j{{[a-z]+}} 0x
  ;; FAST-NOT: set
  ;; FAST: ret

  ;; Jump tables are relative, so text and constants are shared between processes.
  (func (export "table") (param i32) (result i32)
    block block block block block block
      local.get 0
      br_table 0 1 2 3 4 5
    end i32.const 11 return
    end i32.const 23 return
    end i32.const 31 return
    end i32.const 47 return
    end i32.const 59 return
    end i32.const 61)
  ;; CHECK-LABEL: <table>:
  ;; CHECK: cmp {{e[a-z]+}}, 0x4
  ;; CHECK: lea [[TABLE:r..]], [rip - 0x
  ;; CHECK: {{movsxd|mov eax, dword ptr}}
  ;; CHECK: ret
)
