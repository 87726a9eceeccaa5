#pragma once

/* What every kernel shares. A kernel is one C file with `uint64_t kernel(void)`, which computes a
 * result from nothing but its constants; the program runs it as often as its argument says, and
 * prints the result and, for each run, the CPU time in nanoseconds. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __wasm__
/* wasi-libc offers no clock of the thread. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) int
clock_time_get(int clock, uint64_t precision, uint64_t* time);
static uint64_t cpu_ns(void) {
    uint64_t time = 0;
    clock_time_get(3, 1, &time);
    return time;
}
#else
#include <time.h>
static uint64_t cpu_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
#endif

static uint64_t kernel(void);

/* The same numbers everywhere. */
static uint32_t random_state = 12345;
__attribute__((unused)) static uint32_t next_random(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* Folds a double's bits, which IEEE 754 determines, into a result. */
__attribute__((unused)) static uint64_t fold(uint64_t sum, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return sum * 31u + bits;
}

int main(int argc, char** argv) {
    const int runs = argc > 1 ? atoi(argv[1]) : 1;
    for (int run = 0; run < runs; ++run) {
        random_state = 12345;
        const uint64_t begin = cpu_ns();
        const uint64_t result = kernel();
        const uint64_t end = cpu_ns();
        printf("%016llx %llu\n", (unsigned long long)result, (unsigned long long)(end - begin));
    }
    return 0;
}
