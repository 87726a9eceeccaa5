// The two ends of a throw (impl/unwind.h): from compiled code, which wants all registers back that
// the convention preserves, and to a landing pad.

        .text

        .macro ThrowingBuiltin name, target
        .globl  \name
        .hidden \name
        .type   \name, @function
        .p2align 4
\name:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, %rdx              // a CallerFrame
        subq    $8, %rsp
        callq   \target
        ud2
        .cfi_endproc
        .size   \name, . - \name
        .endm

// [[noreturn]] the builtins throw_exception(VmContext* rdi, u32 tag) and
// rethrow_exception(VmContext* rdi, Exception* rsi)
        ThrowingBuiltin wasmax_runtime_throw_exception, wasmax_runtime_throw
        ThrowingBuiltin wasmax_runtime_rethrow_exception, wasmax_runtime_rethrow

// [[noreturn]] void wasmax_runtime_resume(const CallerFrame* rdi, Exception* rsi)
        .globl  wasmax_runtime_resume
        .hidden wasmax_runtime_resume
        .type   wasmax_runtime_resume, @function
        .p2align 4
wasmax_runtime_resume:
        .cfi_startproc
        movq    0(%rdi), %r15
        movq    8(%rdi), %r14
        movq    16(%rdi), %r13
        movq    24(%rdi), %r12
        movq    32(%rdi), %rbx
        movq    40(%rdi), %rbp
        movq    48(%rdi), %rcx
        movq    56(%rdi), %rsp
        movq    %rsi, %rax
        xorl    %edx, %edx              // LLVM's selector, which nothing looks at
        jmpq    *%rcx
        .cfi_endproc
        .size   wasmax_runtime_resume, . - wasmax_runtime_resume

        .section .note.GNU-stack, "", @progbits
