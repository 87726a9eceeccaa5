// What Debian's wasi-libc is too old to have: <setjmp.h>, and what clang makes calls of setjmp
// into.
#pragma once

#include <stdint.h>

struct JumpTarget {
    void* invocation;
    uint32_t label;
    struct {
        struct JumpTarget* target;
        int value;
    } argument;
};
typedef struct JumpTarget jmp_buf[1];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);
