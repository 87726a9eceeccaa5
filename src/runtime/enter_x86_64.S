// The border between host code and wasm code (impl/enter.h). Unwinders and debuggers pass through: all
// canonical frame addresses are described.

        .text

// Landing wasmax_runtime_enter(EnterBlock* rdi, void** rsi)
        .globl  wasmax_runtime_enter
        .hidden wasmax_runtime_enter
        .type   wasmax_runtime_enter, @function
        .p2align 4
wasmax_runtime_enter:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushq   %rdi
        // In terms of rsp, because the landing pad is reached with a guest's rbp.
        .cfi_def_cfa %rsp, 64
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        movq    %rsp, (%rsi)
        movaps  0(%rdi), %xmm0
        movaps  16(%rdi), %xmm1
        movaps  32(%rdi), %xmm2
        movaps  48(%rdi), %xmm3
        movaps  64(%rdi), %xmm4
        movaps  80(%rdi), %xmm5
        movaps  96(%rdi), %xmm6
        movaps  112(%rdi), %xmm7
        movq    128(%rdi), %rsi
        movq    136(%rdi), %rdx
        movq    144(%rdi), %rcx
        movq    152(%rdi), %r8
        movq    160(%rdi), %r9
        movq    168(%rdi), %r11
        movq    176(%rdi), %rdi
        callq   *%r11
        movq    (%rsp), %rcx
        movq    %rax, 184(%rcx)
        movq    %rdx, 192(%rcx)
        movaps  %xmm0, 208(%rcx)
        movaps  %xmm1, 224(%rcx)
        xorl    %eax, %eax
        .globl  wasmax_runtime_landing_pad
        .hidden wasmax_runtime_landing_pad
wasmax_runtime_landing_pad:
        addq    $8, %rsp
        .cfi_def_cfa_offset 56
        popq    %r15
        .cfi_def_cfa_offset 48
        popq    %r14
        .cfi_def_cfa_offset 40
        popq    %r13
        .cfi_def_cfa_offset 32
        popq    %r12
        .cfi_def_cfa_offset 24
        popq    %rbx
        .cfi_def_cfa_offset 16
        popq    %rbp
        .cfi_def_cfa_offset 8
        .cfi_restore %rbp
        retq
        .cfi_endproc
        .size   wasmax_runtime_enter, . - wasmax_runtime_enter

// [[noreturn]] void wasmax_runtime_land(void* rdi, Landing sil)
        .globl  wasmax_runtime_land
        .hidden wasmax_runtime_land
        .type   wasmax_runtime_land, @function
        .p2align 4
wasmax_runtime_land:
        .cfi_startproc
        movzbl  %sil, %eax
        movq    %rdi, %rsp
        jmp     wasmax_runtime_landing_pad
        .cfi_endproc
        .size   wasmax_runtime_land, . - wasmax_runtime_land

// void wasmax_runtime_stack_check(VmContext* rdi), which keeps every register but the flags. Cold.
        .globl  wasmax_runtime_stack_check
        .hidden wasmax_runtime_stack_check
        .type   wasmax_runtime_stack_check, @function
        .p2align 4
wasmax_runtime_stack_check:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        subq    $2752, %rsp             // kXsaveBytes
        andq    $-64, %rsp
        // XSAVE leaves the rest of its header as it finds it, and XRSTOR faults unless it is zero.
        xorl    %eax, %eax
        movq    %rax, 512(%rsp)
        movq    %rax, 520(%rsp)
        movq    %rax, 528(%rsp)
        movq    %rax, 536(%rsp)
        movq    %rax, 544(%rsp)
        movq    %rax, 552(%rsp)
        movq    %rax, 560(%rsp)
        movq    %rax, 568(%rsp)
        movl    $0xe6, %eax             // kXsaveComponents
        xorl    %edx, %edx
        xsave64 (%rsp)
        movq    (%rbp), %rsi
        callq   wasmax_runtime_check_stack
        movl    $0xe6, %eax
        xorl    %edx, %edx
        xrstor64 (%rsp)
        leaq    -72(%rbp), %rsp
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        .cfi_restore %rbp
        retq
        .cfi_endproc
        .size   wasmax_runtime_stack_check, . - wasmax_runtime_stack_check

        .section .note.GNU-stack, "", @progbits
