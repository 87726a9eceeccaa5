// poll_oneoff, by way of poll() and raw; pipes, events and socket pairs as descriptors.

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../../guests/wasix.h"
#include "check.h"

#define ADDRESS(pointer) ((uint32_t)(uintptr_t)(pointer))

static __wasi_subscription_t clock_in(uint64_t userdata, uint64_t timeout) {
    __wasi_subscription_t subscription = {.userdata = userdata};
    subscription.u.tag = __WASI_EVENTTYPE_CLOCK;
    subscription.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    subscription.u.u.clock.timeout = timeout;
    return subscription;
}

static __wasi_subscription_t file(uint64_t userdata, uint8_t type, int fd) {
    __wasi_subscription_t subscription = {.userdata = userdata};
    subscription.u.tag = type;
    subscription.u.u.fd_read.file_descriptor = fd;
    return subscription;
}

static uint64_t now(__wasi_clockid_t clock) {
    uint64_t time = 0;
    CHECK(__wasi_clock_time_get(clock, 1, &time) == 0);
    return time;
}

static void clocks(void) {
    __wasi_subscription_t in[3];
    __wasi_event_t out[3];
    size_t count = 0;
    CHECK(__wasi_poll_oneoff(in, out, 0, &count) == __WASI_ERRNO_INVAL);
    for (uint64_t timeout = 0; timeout < 2; ++timeout) {
        in[0] = clock_in(7, timeout);
        in[1] = clock_in(8, 3600000000000u);
        CHECK(__wasi_poll_oneoff(in, out, 2, &count) == 0);
        CHECK(count == 1 && out[0].userdata == 7 && out[0].error == 0);
        CHECK(out[0].type == __WASI_EVENTTYPE_CLOCK);
    }
    // The earliest of several ends the wait, and it is not early.
    in[0] = clock_in(1, 3600000000000u);
    in[1] = clock_in(2, 20000000);
    in[2] = clock_in(3, UINT64_MAX);
    uint64_t start = now(__WASI_CLOCKID_MONOTONIC);
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0);
    CHECK(count == 1 && out[0].userdata == 2);
    CHECK(now(__WASI_CLOCKID_MONOTONIC) - start >= 20000000);
    // Absolute, on both clocks; a deadline that has passed is now.
    for (__wasi_clockid_t clock = 0; clock < 2; ++clock) {
        start = now(clock);
        in[0] = clock_in(1, start + 10000000);
        in[0].u.u.clock.id = clock;
        in[0].u.u.clock.flags = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
        CHECK(__wasi_poll_oneoff(in, out, 1, &count) == 0);
        CHECK(count == 1 && now(clock) >= start + 10000000);
        in[0].u.u.clock.timeout = 1;
        CHECK(__wasi_poll_oneoff(in, out, 1, &count) == 0 && count == 1);
    }
    in[0].u.u.clock.id = 2;
    CHECK(__wasi_poll_oneoff(in, out, 1, &count) == __WASI_ERRNO_INVAL);
}

static void descriptors(void) {
    __wasi_subscription_t in[4];
    __wasi_event_t out[4];
    size_t count = 0;
    int ends[2];
    CHECK(wasix_fd_pipe(ADDRESS(&ends[0]), ADDRESS(&ends[1])) == 0);
    in[0] = file(1, __WASI_EVENTTYPE_FD_READ, ends[0]);
    in[1] = file(2, __WASI_EVENTTYPE_FD_WRITE, ends[1]);
    in[2] = clock_in(3, 1);
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0);
    CHECK(count == 2 && out[0].userdata == 2 && out[1].userdata == 3);
    CHECK(out[0].error == 0 && out[0].fd_readwrite.flags == 0);
    CHECK(write(ends[1], "12345", 5) == 5);
    CHECK(__wasi_poll_oneoff(in, out, 1, &count) == 0);
    CHECK(count == 1 && out[0].fd_readwrite.nbytes == 5);
    // An error of one subscription is its event, and the others still answer.
    in[1] = file(9, __WASI_EVENTTYPE_FD_READ, 1000);
    CHECK(__wasi_poll_oneoff(in, out, 2, &count) == 0);
    CHECK(count == 2 && out[0].error == 0 && out[1].error == __WASI_ERRNO_BADF);
    CHECK(out[1].userdata == 9);
    char text[8];
    CHECK(read(ends[0], text, sizeof text) == 5);
    CHECK(close(ends[1]) == 0);
    CHECK(__wasi_poll_oneoff(in, out, 1, &count) == 0);
    CHECK(count == 1 && out[0].error == 0);
    CHECK(out[0].fd_readwrite.flags == __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
    CHECK(close(ends[0]) == 0);
}

/// An unknown type is ignored; with nothing else there is nothing to wait for.
static void unknown(void) {
    __wasi_subscription_t in[2];
    __wasi_event_t out[2];
    size_t count = 0;
    in[0] = file(1, 77, 0);
    in[1] = clock_in(2, 1);
    CHECK(__wasi_poll_oneoff(in, out, 2, &count) == 0 && count == 1 && out[0].userdata == 2);
    CHECK(__wasi_poll_oneoff(in, out, 1, &count) == __WASI_ERRNO_INVAL);
}

/// More subscriptions than fit the host's stack.
static void many(void) {
    enum { kPipes = 200 };
    static int ends[kPipes][2];
    static struct pollfd entries[kPipes];
    for (int i = 0; i < kPipes; ++i) {
        CHECK(wasix_fd_pipe(ADDRESS(&ends[i][0]), ADDRESS(&ends[i][1])) == 0);
        entries[i] = (struct pollfd){.fd = ends[i][0], .events = POLLRDNORM};
    }
    CHECK(poll(entries, kPipes, 0) == 0);
    CHECK(write(ends[17][1], "x", 1) == 1 && write(ends[199][1], "x", 1) == 1);
    CHECK(poll(entries, kPipes, -1) == 2);
    for (int i = 0; i < kPipes; ++i) {
        CHECK(entries[i].revents == (i == 17 || i == 199 ? POLLRDNORM : 0));
        CHECK(close(ends[i][0]) == 0 && close(ends[i][1]) == 0);
    }
}

int main(void) {
    clocks();
    descriptors();
    unknown();
    many();
    return 0;
}
