// poll over 1,000 descriptors of which one is ready. Prints nanoseconds per call.
// bench/io/run.sh builds and compares both.

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#ifdef __wasm__
#include "../../guests/wasix.h"
static int make_pipe(int ends[2]) {
    return (int)wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1]));
}
#else
static int make_pipe(int ends[2]) { return pipe(ends); }
#endif

enum { kDescriptors = 1000, kRounds = 3000 };

int main(void) {
    static struct pollfd entries[kDescriptors];
    for (int i = 0; i < kDescriptors / 2; ++i) {
        int ends[2];
        if (make_pipe(ends) != 0) {
            return 1;
        }
        entries[2 * i] = (struct pollfd){ends[0], POLLIN, 0};
        entries[2 * i + 1] = (struct pollfd){ends[0], POLLIN, 0};
        if (i == kDescriptors / 4 && write(ends[1], "x", 1) != 1) {
            return 1;
        }
    }
    const double start = now_ns();
    for (int round = 0; round < kRounds; ++round) {
        if (poll(entries, kDescriptors, -1) != 2) {
            return 2;
        }
    }
    printf("poll_1000 %.0f\n", (now_ns() - start) / kRounds);
    return 0;
}
