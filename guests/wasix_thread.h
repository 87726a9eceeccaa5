#pragma once

// Threads for guests built with Debian's wasi-libc, which has none: a stack each, and no
// thread-local storage. To be included by one file of a program, built with -matomics
// -mbulk-memory -D_Thread_local= -nostartfiles and a shared memory. libc's functions that keep a
// state may be called by one thread at a time. wasix: 8.2

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wasix.h"

/// What the entry below expects; the layout of thread_start.
struct thread {
    uint32_t stack;  // its upper end
    uint32_t tls_base;
    void (*function)(void*);
    void* argument;
    uint32_t reserved[10];
    uint32_t stack_size;
    uint32_t guard_size;
    uint32_t tid;
};

#define THREAD_STACK 65536

__attribute__((used)) static void thread_main(struct thread* self) {
    self->function(self->argument);
}

// The stack pointer is a global of the new instance, which no C can set.
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype thread_main (i32) -> ()\n"
    ".export_name wasi_thread_start, wasi_thread_start\n"
    ".globl wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    "    .functype wasi_thread_start (i32, i32) -> ()\n"
    "    local.get 1\n"
    "    i32.load 0\n"
    "    global.set __stack_pointer\n"
    "    local.get 1\n"
    "    call thread_main\n"
    "    end_function\n");
void wasi_thread_start(uint32_t tid, uint32_t argument);

void __wasm_call_ctors(void);
void __wasm_call_dtors(void);
int __original_main(void);

/// In place of crt1's, which names no constructors: the linker then wraps every export in calls of
/// the constructors and destructors, and each thread would run libc's, which allocate.
__attribute__((export_name("_start"))) void _start(void) {
    __wasm_call_ctors();
    const int code = __original_main();
    if (code != 0) {
        exit(code);
    }
    __wasm_call_dtors();
}

/// A thread that does not run yet, to be freed when it has ended; NULL without memory.
static struct thread* thread_new(void (*function)(void*), void* argument) {
    char* const memory = malloc(sizeof(struct thread) + THREAD_STACK);
    struct thread* const thread = (struct thread*)memory;
    if (thread != NULL) {
        memset(thread, 0, sizeof *thread);
        thread->stack = (WASIX_PTR(memory) + (uint32_t)sizeof *thread + THREAD_STACK) & ~15U;
        thread->stack_size = THREAD_STACK - 16;  // what is above *thread, whatever was rounded
        thread->function = function;
        thread->argument = argument;
    }
    return thread;
}

/// option_timestamp.
struct wasix_timeout {
    uint8_t some;
    uint8_t padding[7];
    uint64_t nanoseconds;
};

/// 0 free, 1 taken, 2 taken and waited for: the futex mutex that libc has, too.
__attribute__((unused)) static void mutex_lock(_Atomic(int)* mutex) {
    const struct wasix_timeout never = {0};
    int state = 0;
    if (atomic_compare_exchange_strong(mutex, &state, 1)) {
        return;
    }
    while (atomic_exchange(mutex, 2) != 0) {
        uint8_t woken = 0;
        wasix_futex_wait(WASIX_PTR(mutex), 2, WASIX_PTR(&never), WASIX_PTR(&woken));
    }
}

__attribute__((unused)) static void mutex_unlock(_Atomic(int)* mutex) {
    if (atomic_exchange(mutex, 0) == 2) {
        uint8_t woken = 0;
        wasix_futex_wake(WASIX_PTR(mutex), WASIX_PTR(&woken));
    }
}
