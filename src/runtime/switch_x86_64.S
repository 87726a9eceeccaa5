// From one native stack of a thread to another (impl/switch.h).

        .text

// void wasmax_runtime_switch(void** rdi, void* rsi): what the C convention preserves is kept on the
// stack that is left. The floating-point control words are not: nothing here changes them.
        .globl  wasmax_runtime_switch
        .hidden wasmax_runtime_switch
        .type   wasmax_runtime_switch, @function
        .p2align 4
wasmax_runtime_switch:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        pushq   %rbx
        .cfi_def_cfa_offset 24
        .cfi_offset %rbx, -24
        pushq   %r12
        .cfi_def_cfa_offset 32
        .cfi_offset %r12, -32
        pushq   %r13
        .cfi_def_cfa_offset 40
        .cfi_offset %r13, -40
        pushq   %r14
        .cfi_def_cfa_offset 48
        .cfi_offset %r14, -48
        pushq   %r15
        .cfi_def_cfa_offset 56
        .cfi_offset %r15, -56
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
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
        retq
        .cfi_endproc
        .size   wasmax_runtime_switch, . - wasmax_runtime_switch

// Where a new stack begins: rbx is what it runs. Unwinders and backtraces end here.
        .globl  wasmax_runtime_fiber_entry
        .hidden wasmax_runtime_fiber_entry
        .type   wasmax_runtime_fiber_entry, @function
        .p2align 4
wasmax_runtime_fiber_entry:
        .cfi_startproc
        .cfi_undefined %rip
        movq    %rbx, %rdi
        xorl    %ebp, %ebp
        callq   wasmax_runtime_run_fiber
        ud2
        .cfi_endproc
        .size   wasmax_runtime_fiber_entry, . - wasmax_runtime_fiber_entry

        .section .note.GNU-stack, "", @progbits
