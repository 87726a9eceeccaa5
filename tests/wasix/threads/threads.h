#pragma once

// Threads for guests built with Debian's wasi-libc, which has none: a stack each, and no
// thread-local storage. libc's functions are not safe to call from several at once. wasix: 8.2

#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "../../../guests/wasix.h"
#include "../check.h"

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

static struct thread* thread_new(void (*function)(void*), void* argument) {
    char* memory = malloc(sizeof(struct thread) + THREAD_STACK);
    CHECK(memory != NULL);
    struct thread* thread = (struct thread*)memory;
    memset(thread, 0, sizeof *thread);
    thread->stack = (WASIX_PTR(memory) + (uint32_t)sizeof *thread + THREAD_STACK) & ~15U;
    thread->stack_size = THREAD_STACK;
    thread->function = function;
    thread->argument = argument;
    return thread;
}

/// To be called by one thread at a time, because of malloc.
__attribute__((unused)) static struct thread* thread_start(void (*function)(void*),
                                                           void* argument) {
    struct thread* thread = thread_new(function, argument);
    CHECK(wasix_thread_spawn_v2(WASIX_PTR(thread), WASIX_PTR(&thread->tid)) == 0);
    return thread;
}

__attribute__((unused)) static void thread_join(struct thread* thread) {
    CHECK(wasix_thread_join(thread->tid) == 0);
    free(thread);
}

__attribute__((unused)) static void sleep_ms(uint64_t milliseconds) {
    wasix_thread_sleep(milliseconds * 1000000);
}

struct timeout {
    uint8_t some;
    uint8_t padding[7];
    uint64_t nanoseconds;
};

/// 0 if the time is over.
__attribute__((unused)) static int futex_wait(_Atomic(int)* word, int expected,
                                              int64_t nanoseconds) {
    struct timeout timeout = {nanoseconds >= 0, {0}, (uint64_t)nanoseconds};
    uint8_t woken = 9;
    CHECK(wasix_futex_wait(WASIX_PTR(word), (uint32_t)expected, WASIX_PTR(&timeout),
                           WASIX_PTR(&woken)) == 0);
    CHECK(woken <= 1);
    return woken;
}

__attribute__((unused)) static void futex_wake(_Atomic(int)* word) {
    uint8_t woken = 9;
    CHECK(wasix_futex_wake(WASIX_PTR(word), WASIX_PTR(&woken)) == 0);
    CHECK(woken == 1);
}

/// 0 free, 1 taken, 2 taken and waited for: the futex mutex that libc has, too.
__attribute__((unused)) static void mutex_lock(_Atomic(int)* mutex) {
    int state = 0;
    if (atomic_compare_exchange_strong(mutex, &state, 1)) {
        return;
    }
    while (atomic_exchange(mutex, 2) != 0) {
        futex_wait(mutex, 2, -1);
    }
}

__attribute__((unused)) static void mutex_unlock(_Atomic(int)* mutex) {
    if (atomic_exchange(mutex, 0) == 2) {
        futex_wake(mutex);
    }
}
