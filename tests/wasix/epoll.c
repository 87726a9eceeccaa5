// epoll: level and edge, one-shot, merged bits, data, closed and reused descriptors.

#include <stdint.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../../guests/wasix.h"
#include "check.h"

#define ADDRESS(pointer) ((uint32_t)(uintptr_t)(pointer))

enum { kIn = 1, kOut = 2, kRdHup = 4, kErr = 16, kHup = 32, kEdge = 64, kOneShot = 128 };
enum { kAdd = 0, kUpsert = 1, kDelete = 2, kModify = 3 };
enum { kBadf = 8, kExist = 20, kInval = 28, kMemviolation = 78 };

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

static uint64_t now(void) {
    __wasi_timestamp_t time = 0;
    CHECK(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time) == 0);
    return time;
}

/// What is wrong is said before anything is waited for.
static void refusals(void) {
    int pipe[2];
    uint32_t count;
    make_pipe(pipe);
    CHECK(wasix_epoll_create(ADDRESS(&epoll)) == 0);
    CHECK(wasix_epoll_wait((uint32_t)epoll, ADDRESS(out), 0, 0, ADDRESS(&count)) == kInval);
    CHECK(wasix_epoll_wait((uint32_t)pipe[0], ADDRESS(out), 8, 0, ADDRESS(&count)) == kInval);
    CHECK(wasix_epoll_wait((uint32_t)epoll, UINT32_MAX - 8, 8, 0, ADDRESS(&count)) ==
          kMemviolation);
    CHECK(wasix_epoll_ctl((uint32_t)epoll, kAdd, (uint32_t)pipe[0], UINT32_MAX - 8) ==
          kMemviolation);
    CHECK(wasix_epoll_ctl((uint32_t)epoll, kAdd, (uint32_t)pipe[0], 0) == kInval);
    CHECK(control(kAdd, epoll, kIn) == kInval);
    CHECK(wasix_epoll_ctl(1000, kAdd, (uint32_t)pipe[0], ADDRESS(out)) == kBadf);
    // To remove needs no event, and to change what is not there adds it.
    CHECK(wasix_epoll_ctl((uint32_t)epoll, kDelete, (uint32_t)pipe[0], UINT32_MAX - 8) == 0);
    CHECK(control(kModify, pipe[1], kOut) == 0 && wait_for(0) == 1);
    CHECK(close(epoll) == 0 && close(pipe[0]) == 0 && close(pipe[1]) == 0);
}

/// Not before its time, and what does not fit comes with the next call.
static void times_and_room(void) {
    int pipes[3][2];
    CHECK(wasix_epoll_create(ADDRESS(&epoll)) == 0);
    const uint64_t start = now();
    CHECK(wait_for(20000000) == 0);
    CHECK(now() - start >= 20000000);
    for (int i = 0; i < 3; ++i) {
        make_pipe(pipes[i]);
        CHECK(control(kAdd, pipes[i][0], kIn) == 0);
        CHECK(write(pipes[i][1], "x", 1) == 1);
    }
    uint32_t seen = 0;
    for (int i = 0; i < 3; ++i) {
        uint32_t count;
        CHECK(wasix_epoll_wait((uint32_t)epoll, ADDRESS(out), 1, UINT64_MAX, ADDRESS(&count)) == 0);
        CHECK(count == 1);
        for (int j = 0; j < 3; ++j) {
            seen |= out[0].fd == (uint32_t)pipes[j][0] ? 1u << j : 0;
        }
    }
    CHECK(seen == 7);
    for (int i = 0; i < 3; ++i) {
        CHECK(close(pipes[i][0]) == 0 && close(pipes[i][1]) == 0);
    }
    CHECK(close(epoll) == 0);
}

/// Each descriptor has an interest of its own, also when they stand for one file.
static void duplicates(void) {
    int pair[2];
    int copy;
    CHECK(wasix_epoll_create(ADDRESS(&epoll)) == 0);
    CHECK(wasix_sock_pair(3, 1, 0, ADDRESS(&pair[0]), ADDRESS(&pair[1])) == 0);
    CHECK(wasix_fd_dup((uint32_t)pair[0], ADDRESS(&copy)) == 0);
    CHECK(control(kAdd, pair[0], kIn | kEdge) == 0 && control(kAdd, copy, kOut) == 0);
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(wait_for(UINT64_MAX) == 2);
    const int second = out[1].fd == (uint32_t)copy;
    CHECK(out[!second].fd == (uint32_t)pair[0] && out[!second].events == kIn);
    CHECK(out[second].fd == (uint32_t)copy && out[second].events == kOut);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].fd == (uint32_t)copy);
    CHECK(control(kModify, copy, kIn) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].fd == (uint32_t)copy && out[0].events == kIn);
    CHECK(control(kDelete, pair[0], 0) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].fd == (uint32_t)copy);
    CHECK(control(kUpsert, pair[0], kOut) == 0 && wait_for(0) == 2);
    // Closed, one of them is silent, the other is not.
    CHECK(close(pair[0]) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].fd == (uint32_t)copy);
    CHECK(close(copy) == 0);
    CHECK(wait_for(0) == 0);
    // And the file is closed with the last of them.
    char text[2];
    CHECK(read(pair[1], text, sizeof text) <= 0);
    CHECK(close(pair[1]) == 0 && close(epoll) == 0);
}

/// Ends and errors, which nobody need ask for; sets in sets.
static void ends_and_errors(void) {
    int pipe[2];
    int pair[2];
    CHECK(wasix_epoll_create(ADDRESS(&epoll)) == 0);
    make_pipe(pipe);
    CHECK(control(kAdd, pipe[1], 0) == 0);
    CHECK(wait_for(0) == 0);
    CHECK(close(pipe[0]) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == kErr);
    CHECK(control(kModify, pipe[1], kOut) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == (kOut | kErr));
    CHECK(close(pipe[1]) == 0);
    CHECK(wasix_sock_pair(3, 1, 0, ADDRESS(&pair[0]), ADDRESS(&pair[1])) == 0);
    CHECK(control(kAdd, pair[0], kIn | kRdHup | kEdge) == 0 && wait_for(0) == 0);
    CHECK(wasix_sock_shutdown((uint32_t)pair[1], 2) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == (kIn | kRdHup));
    CHECK(wait_for(0) == 0);
    CHECK(close(pair[1]) == 0);
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].events == (kIn | kRdHup | kHup));
    // A set in a set.
    int outer;
    const int inner = epoll;
    CHECK(wasix_epoll_create(ADDRESS(&outer)) == 0);
    epoll = outer;
    CHECK(control(kAdd, inner, kIn) == 0);
    CHECK(wait_for(0) == 0);
    make_pipe(pipe);
    epoll = inner;
    CHECK(control(kAdd, pipe[1], kOut) == 0);
    epoll = outer;
    CHECK(wait_for(UINT64_MAX) == 1 && out[0].fd == (uint32_t)inner && out[0].events == kIn);
    epoll = inner;
    CHECK(control(kAdd, outer, kIn) != 0);  // no circle
    CHECK(close(outer) == 0 && close(inner) == 0 && close(pair[0]) == 0);
    CHECK(close(pipe[0]) == 0 && close(pipe[1]) == 0);
}

int main(void) {
    refusals();
    times_and_room();
    duplicates();
    ends_and_errors();
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
    CHECK(control(kAdd, pipe[0], kIn) == kExist);
    CHECK(control(kUpsert, pipe[0], kIn) == 0 && control(kDelete, pipe[0], 0) == 0);
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
