#pragma once

// Threads and futexes that must not fail.

#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "../../../guests/wasix_thread.h"
#include "../check.h"

/// To be called by one thread at a time, because of malloc.
__attribute__((unused)) static struct thread* thread_start(void (*function)(void*),
                                                           void* argument) {
    struct thread* thread = thread_new(function, argument);
    CHECK(thread != NULL);
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

/// 0 if the time is over.
__attribute__((unused)) static int futex_wait(_Atomic(int)* word, int expected,
                                              int64_t nanoseconds) {
    struct wasix_timeout timeout = {nanoseconds >= 0, {0}, (uint64_t)nanoseconds};
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
