#pragma once

// Times, for programs that are compiled natively and as guests.

#include <stdint.h>
#include <time.h>

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

#ifdef __wasm__
#include <wasi/api.h>
/// User and system time of the whole process. Debian's wasi-libc has no name for this clock.
static inline double cpu_ns(void) {
    enum { kProcessCpuTime = 2 };
    __wasi_timestamp_t time = 0;
    return __wasi_clock_time_get(kProcessCpuTime, 0, &time) == 0 ? (double)time : 0;
}
#else
/// User and system time of the whole process.
static inline double cpu_ns(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}
#endif
