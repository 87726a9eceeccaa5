// 64 threads: identities, a mutex, waiting and waking in both families, joining.

#include "threads.h"

enum { kThreads = 64, kRounds = 200 };

static _Atomic(int) mutex;
static int guarded;  // by the mutex
static _Atomic(int) gate;
static _Atomic(int) arrived;
static _Atomic(uint32_t) seen_tids[4096];

static _Atomic(int) constructed;
static _Atomic(int) destructed;

__attribute__((constructor)) static void construct(void) { atomic_fetch_add(&constructed, 1); }
__attribute__((destructor)) static void destruct(void) { atomic_fetch_add(&destructed, 1); }

static void count(void* argument) {
    uint32_t tid = 0;
    CHECK(wasix_thread_id(WASIX_PTR(&tid)) == 0);
    CHECK(tid > 1 && tid < 4096);
    CHECK(atomic_exchange(&seen_tids[tid], 1) == 0);
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&gate) == 0) {
        futex_wait(&gate, 0, -1);
    }
    for (int round = 0; round < kRounds; ++round) {
        mutex_lock(&mutex);
        int before = guarded;
        if (round % 16 == 0) {
            wasix_sched_yield();
        }
        guarded = before + 1;
        mutex_unlock(&mutex);
    }
    CHECK(argument == (void*)7);
}

static void check_counting(void) {
    struct thread* threads[kThreads];
    for (int i = 0; i < kThreads; ++i) {
        threads[i] = thread_start(count, (void*)7);
    }
    while (atomic_load(&arrived) != kThreads) {
        wasix_sched_yield();
    }
    atomic_store(&gate, 1);
    uint8_t woken = 0;
    CHECK(wasix_futex_wake_all(WASIX_PTR(&gate), WASIX_PTR(&woken)) == 0);
    for (int i = 0; i < kThreads; ++i) {
        CHECK(seen_tids[threads[i]->tid] == 1);
        thread_join(threads[i]);
    }
    CHECK(guarded == kThreads * kRounds);
}

static void check_waiting(void) {
    static _Atomic(int) word = 5;
    CHECK(futex_wait(&word, 4, -1) == 1);       // another value: at once
    CHECK(futex_wait(&word, 5, 1000000) == 0);  // the time is over
    CHECK(futex_wait(&word, 5, 0) == 0);
    CHECK(__builtin_wasm_memory_atomic_wait32((int*)&word, 4, -1) == 1);
    CHECK(__builtin_wasm_memory_atomic_wait32((int*)&word, 5, 1000000) == 2);
    CHECK(__builtin_wasm_memory_atomic_notify((int*)&word, 1) == 0);
    uint8_t woken = 0;
    CHECK(wasix_futex_wake(WASIX_PTR(&word), WASIX_PTR(&woken)) == 0);
    CHECK(wasix_futex_wake(1, WASIX_PTR(&woken)) == 28);            // not aligned: inval
    CHECK(wasix_futex_wake(0xfffffffcU, WASIX_PTR(&woken)) == 78);  // memviolation
}

static _Atomic(int) ping;

/// Waits in one family what the other one wakes.
static void mixed(void* argument) {
    (void)argument;
    while (atomic_load(&ping) != 1) {
        __builtin_wasm_memory_atomic_wait32((int*)&ping, 0, -1);
    }
    atomic_store(&ping, 2);
    __builtin_wasm_memory_atomic_notify((int*)&ping, 1);
}

static void check_mixed(void) {
    struct thread* thread = thread_start(mixed, NULL);
    sleep_ms(5);
    atomic_store(&ping, 1);
    futex_wake(&ping);
    while (atomic_load(&ping) != 2) {
        futex_wait(&ping, 1, -1);
    }
    thread_join(thread);
}

static _Atomic(int) never;

static void leave_early(void* argument) {
    (void)argument;
    wasix_thread_exit(3);
    never = 1;
}

static void check_ends(void) {
    struct thread* thread = thread_new(leave_early, NULL);
    const int tid = (int)wasi_thread_spawn(WASIX_PTR(thread));  // the preview1 way
    CHECK(tid > 1);
    CHECK(wasix_thread_join((uint32_t)tid) == 0);
    CHECK(wasix_thread_join((uint32_t)tid) == 0);  // ended: at once
    CHECK(wasix_thread_join(123456) == 0);
    CHECK(never == 0);
    uint32_t self = 0;
    CHECK(wasix_thread_id(WASIX_PTR(&self)) == 0);
    CHECK(self == 1);
    CHECK(wasix_thread_join(self) == 16);  // deadlk
    free(thread);
}

static void nothing(void* argument) { (void)argument; }

/// `--max-threads 3`: the third refuses, and there is room again when one has ended.
static void check_limit(void) {
    struct thread* threads[2] = {thread_start(count, (void*)7), thread_start(count, (void*)7)};
    struct thread* refused = thread_new(nothing, NULL);
    CHECK((int)wasi_thread_spawn(WASIX_PTR(refused)) == -6);  // again
    atomic_store(&gate, 1);
    uint8_t woken = 0;
    CHECK(wasix_futex_wake_all(WASIX_PTR(&gate), WASIX_PTR(&woken)) == 0);
    thread_join(threads[0]);
    thread_join(threads[1]);
    const int tid = (int)wasi_thread_spawn(WASIX_PTR(refused));
    CHECK(tid > 1 && wasix_thread_join((uint32_t)tid) == 0);
}

int main(int argc, char** argv) {
    (void)argv;
    if (argc > 1) {
        check_limit();
        return 0;
    }
    check_waiting();
    check_mixed();
    check_counting();
    check_ends();
    for (int i = 0; i < 500; ++i) {  // nothing is used up
        thread_join(thread_start(nothing, NULL));
    }
    CHECK(constructed == 1 && destructed == 0);  // the program's, not each thread's
    return 0;
}
