// Threads that jump on stacks of their own, all at once.

#include "../threads/threads.h"
#include "jump.h"

#define THREADS 4
#define ROUNDS 2000

struct work {
    int id;
    int rounds;
    struct jump jump;
};

__attribute__((noinline)) static void dive(int depth, struct work* work) {
    volatile char used[100];
    for (unsigned i = 0; i < sizeof used; ++i) {
        used[i] = (char)(depth + work->id);
    }
    if (depth == 0) {
        jump_to(&work->jump, work->id + 1);
    }
    dive(depth - 1, work);
    CHECK(used[0] == (char)(depth + work->id));
}

static void jump_around(void* argument) {
    struct work* const work = argument;
    volatile char mine[64];
    for (unsigned i = 0; i < sizeof mine; ++i) {
        mine[i] = (char)work->id;
    }
    const int value = jump_save(&work->jump);
    for (unsigned i = 0; i < sizeof mine; ++i) {
        CHECK(mine[i] == (char)work->id);
    }
    CHECK(value == (work->rounds == 0 ? 0 : work->id + 1));
    if (work->rounds++ < ROUNDS) {
        dive(work->rounds % 20, work);
    }
    CHECK(work->rounds == ROUNDS + 1);
}

static struct work g_work[THREADS + 1];

int main(void) {
    struct thread* threads[THREADS];
    for (int i = 0; i < THREADS; ++i) {
        g_work[i].id = i + 1;
        threads[i] = thread_start(jump_around, &g_work[i]);
    }
    g_work[THREADS].id = 50;
    jump_around(&g_work[THREADS]);
    for (int i = 0; i < THREADS; ++i) {
        thread_join(threads[i]);
        CHECK(g_work[i].rounds == ROUNDS + 1);
    }
    return 0;
}
