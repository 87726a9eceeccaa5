// `thread_contexts [exit]`: every thread has contexts of its own, and ends while they are
// suspended. With `exit` the process ends (with 3) while the threads switch.

#include <string.h>

#include "../threads/threads.h"
#include "context.h"

#define THREADS 4
#define CONTEXTS 8
#define ROUNDS 2000

static _Atomic(int) g_lock;
static _Atomic(uint32_t) g_turns;
static int g_forever;

/// The entry stack is read when the lock is held.
static void context_main(void) {
    mutex_unlock(&g_lock);
    while (1) {
        g_turns++;
        CHECK(context_go(0) == 0);
    }
}

static void switch_around(void* argument) {
    struct context* const contexts = argument;
    for (int i = 0; i < CONTEXTS; ++i) {
        mutex_lock(&g_lock);
        contexts[i] = context_new();
        context_begin(&contexts[i]);
    }
    for (int round = 0; round < ROUNDS || g_forever; ++round) {
        CHECK(context_go(contexts[round % CONTEXTS].id) == 0);
    }
    // Those of another thread cannot be reached: the ids mean one's own, or nothing.
    CHECK(context_go(contexts[CONTEXTS - 1].id + 1) == 28);
    wasix_context_destroy(contexts[0].id);
}

static struct context g_contexts[THREADS][CONTEXTS];

int main(int argc, char** argv) {
    struct thread* threads[THREADS];
    g_forever = argc > 1 && strcmp(argv[1], "exit") == 0;
    for (int i = 0; i < THREADS; ++i) {
        mutex_lock(&g_lock);
        struct thread* const thread = thread_start(switch_around, g_contexts[i]);
        mutex_unlock(&g_lock);
        threads[i] = thread;
    }
    if (g_forever) {
        sleep_ms(100);
        exit(3);
    }
    for (int i = 0; i < THREADS; ++i) {
        CHECK(wasix_thread_join(threads[i]->tid) == 0);
    }
    CHECK(g_turns == THREADS * (CONTEXTS + ROUNDS));
    return 0;
}
