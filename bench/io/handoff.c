// Two threads that hand a mutex to each other, through the kernel each time: the guest's futex
// calls and, natively, the same code on futex(2). Prints nanoseconds per hand-over.
// bench/io/run.sh builds and compares both.

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#ifdef __wasm__
#include "../../tests/wasix/threads/threads.h"
#else
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
static void futex_wait(_Atomic(int)* word, int expected, int64_t nanoseconds) {
    (void)nanoseconds;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}
static void futex_wake(_Atomic(int)* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }
#endif

enum { kRounds = 100000 };
static _Atomic(int) turn;

static void take_turns(int mine) {
    for (int round = 0; round < kRounds; ++round) {
        int now = 0;
        while ((now = atomic_load(&turn)) != mine) {
            futex_wait(&turn, now, -1);
        }
        atomic_store(&turn, 1 - mine);
        futex_wake(&turn);
    }
}

#ifdef __wasm__
static void other(void* argument) {
    (void)argument;
    take_turns(1);
}
#else
static void* other(void* argument) {
    take_turns(1);
    return argument;
}
#endif

int main(void) {
    const double start = now_ns();
#ifdef __wasm__
    struct thread* thread = thread_start(other, NULL);
    take_turns(0);
    thread_join(thread);
#else
    pthread_t thread;
    pthread_create(&thread, NULL, other, NULL);
    take_turns(0);
    pthread_join(thread, NULL);
#endif
    printf("mutex_handoff %.0f\n", (now_ns() - start) / (2.0 * kRounds));
    return 0;
}
