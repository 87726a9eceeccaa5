// epoll: level and edge, one-shot, merged bits, data, closed and reused descriptors.

#include <stdint.h>
#include <unistd.h>

#include "../../guests/wasix.h"
#include "check.h"

#define ADDRESS(pointer) ((uint32_t)(uintptr_t)(pointer))

enum { kIn = 1, kOut = 2, kRdHup = 4, kHup = 32, kEdge = 64, kOneShot = 128 };
enum { kAdd = 0, kUpsert = 1, kDelete = 2, kModify = 3 };
enum { kBadf = 8, kInval = 28 };

struct event {
    uint32_t events;
    uint32_t padding0;
    uint32_t ptr;
    uint32_t fd;
    uint32_t data1;
    uint32_t padding1;
    uint64_t data2;
};

static int epoll;
static struct event out[8];

static uint32_t control(uint32_t op, int fd, uint32_t events) {
    const struct event event = {
        .events = events, .ptr = 11, .fd = (uint32_t)fd, .data1 = 12, .data2 = UINT64_MAX - 13};
    return wasix_epoll_ctl((uint32_t)epoll, op, (uint32_t)fd, ADDRESS(&event));
}

static uint32_t wait_for(uint64_t timeout) {
    uint32_t count = 99;
    CHECK(wasix_epoll_wait((uint32_t)epoll, ADDRESS(out), 8, timeout, ADDRESS(&count)) == 0);
    return count;
}

static void make_pipe(int ends[2]) {
    CHECK(wasix_fd_pipe(ADDRESS(&ends[0]), ADDRESS(&ends[1])) == 0);
}

int main(void) {
    int pipe[2];
    char text[8];
    make_pipe(pipe);
    CHECK(wasix_epoll_create(ADDRESS(&epoll)) == 0);
    CHECK(wait_for(0) == 0);
    CHECK(wait_for(1000000) == 0);
    CHECK(wasix_epoll_ctl((uint32_t)pipe[0], kAdd, (uint32_t)pipe[1], ADDRESS(out)) == kInval);
    CHECK(control(kAdd, 1000, kIn) == kBadf);
    CHECK(control(kDelete, pipe[0], 0) == 0);
    CHECK(control(4, pipe[0], 0) == kInval);

    // Level: reported as long as it is so, with all data.
    CHECK(control(kAdd, pipe[0], kIn) == 0);
    CHECK(wait_for(0) == 0);
    CHECK(write(pipe[1], "x", 1) == 1);
    for (int i = 0; i < 2; ++i) {
        CHECK(wait_for(UINT64_MAX) == 1);
        CHECK(out[0].events == kIn && out[0].ptr == 11 && out[0].fd == (uint32_t)pipe[0]);
        CHECK(out[0].data1 == 12 && out[0].data2 == UINT64_MAX - 13);
    }
    // Edge: once.
    CHECK(control(kModify, pipe[0], kIn | kEdge) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && wait_for(0) == 0);
    CHECK(write(pipe[1], "x", 1) == 1);
    CHECK(wait_for(UINT64_MAX) == 1 && wait_for(0) == 0);
    // Once, until armed again.
    CHECK(control(kUpsert, pipe[0], kIn | kOneShot) == 0);
    CHECK(wait_for(UINT64_MAX) == 1);
    CHECK(write(pipe[1], "x", 1) == 1);
    CHECK(wait_for(0) == 0);
    CHECK(control(kUpsert, pipe[0], kIn | kOneShot) == 0);
    CHECK(wait_for(UINT64_MAX) == 1);
    CHECK(read(pipe[0], text, sizeof text) == 3);
    // Removed.
    CHECK(control(kAdd, pipe[0], kIn) == 0 && control(kDelete, pipe[0], 0) == 0);
    CHECK(write(pipe[1], "x", 1) == 1);
    CHECK(wait_for(0) == 0);

    // Bits of one descriptor come together.
    int pair[2];
    CHECK(wasix_sock_pair(3, 1, 0, ADDRESS(&pair[0]), ADDRESS(&pair[1])) == 0);
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(control(kAdd, pair[0], kIn | kOut) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == (kIn | kOut));
    // A closed descriptor is silent, although its duplicate keeps the file open.
    int copy;
    CHECK(wasix_fd_dup((uint32_t)pair[0], ADDRESS(&copy)) == 0);
    CHECK(close(pair[0]) == 0);
    CHECK(wait_for(0) == 0 && wait_for(1000000) == 0);
    // So is the number, used for another file.
    CHECK(control(kAdd, pipe[0], kIn) == 0);
    CHECK(wait_for(0) == 1);
    CHECK(close(pipe[0]) == 0);
    CHECK(close(pipe[1]) == 0);
    int again[2];
    make_pipe(again);
    CHECK(write(again[1], "x", 1) == 1);
    CHECK(wait_for(0) == 0);
    // The end of the other side.
    CHECK(control(kAdd, again[0], kIn | kRdHup) == 0);
    CHECK(close(again[1]) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == (kIn | kHup));
    CHECK(close(epoll) == 0);
    uint32_t count;
    CHECK(wasix_epoll_wait((uint32_t)epoll, ADDRESS(out), 8, 0, ADDRESS(&count)) == kBadf);
    return 0;
}
