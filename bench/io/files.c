// Reads and writes 4 KiB at a time, of a file of 1 MiB in the page cache. Prints how many of each
// it did in a second. bench/io/run.sh builds and compares guest and native.

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

enum { kBlock = 4096, kBlocks = 256, kRounds = 400 };

static char block[kBlock];

static int write_all(int fd) {
    for (int i = 0; i < kBlocks; ++i) {
        if (write(fd, block, kBlock) != kBlock) {
            return 1;
        }
    }
    return 0;
}

static int read_all(int fd) {
    for (int i = 0; i < kBlocks; ++i) {
        if (read(fd, block, kBlock) != kBlock) {
            return 1;
        }
    }
    return 0;
}

/// Prints `metric` and how often per second `pass` transfers a block.
static int measure(const char* metric, int (*pass)(int), int fd) {
    double start = 0;
    for (int round = -1; round < kRounds; ++round) {  // the first warms up
        if (round == 0) {
            start = now_ns();
        }
        if (lseek(fd, 0, SEEK_SET) != 0 || pass(fd) != 0) {
            return 1;
        }
    }
    printf("%s %.0f\n", metric, (double)kBlocks * kRounds * 1e9 / (now_ns() - start));
    return 0;
}

int main(void) {
    const int fd = open("bench_io.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        perror("bench_io.data");
        return 1;
    }
    return measure("file_write", write_all, fd) != 0 || measure("file_read", read_all, fd) != 0;
}
