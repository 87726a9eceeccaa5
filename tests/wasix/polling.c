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
    // Often enough for the host to keep them at hand.
    for (int i = 0; i < 10; ++i) {
        CHECK(poll(entries, kPipes, 0) == 0);
    }
    const uint64_t start = now(__WASI_CLOCKID_MONOTONIC);
    CHECK(poll(entries, kPipes, 20) == 0);
    CHECK(now(__WASI_CLOCKID_MONOTONIC) - start >= 20000000);
    CHECK(write(ends[17][1], "x", 1) == 1 && write(ends[199][1], "x", 1) == 1);
    CHECK(poll(entries, kPipes, -1) == 2);
    for (int i = 0; i < kPipes; ++i) {
        CHECK(entries[i].revents == (i == 17 || i == 199 ? POLLRDNORM : 0));
        CHECK(close(ends[i][0]) == 0 && close(ends[i][1]) == 0);
    }
}

/// eventfds: a number of eight bytes, added to and taken, or counted down.
static void counters(void) {
    enum { kSemaphore = 1, kNonblock = 4 };
    __wasi_subscription_t in[3];
    __wasi_event_t out[3];
    size_t count = 0;
    int fd;
    uint64_t value = 0;
    CHECK(wasix_fd_event((uint64_t)1 << 32, 0, ADDRESS(&fd)) == __WASI_ERRNO_INVAL);
    CHECK(wasix_fd_event(3, kNonblock, ADDRESS(&fd)) == 0);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    in[0] = file(1, __WASI_EVENTTYPE_FD_READ, fd);
    in[1] = file(2, __WASI_EVENTTYPE_FD_WRITE, fd);
    in[2] = clock_in(3, 0);
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0 && count == 3);
    CHECK(out[0].userdata == 1 && out[0].error == 0 && out[0].fd_readwrite.nbytes == 8);
    CHECK(out[0].fd_readwrite.flags == 0 && out[1].type == __WASI_EVENTTYPE_FD_WRITE);
    CHECK(read(fd, &value, 8) == 8 && value == 3);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    CHECK_ERRNO(read(fd, &value, 4), EINVAL);
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0 && count == 2 && out[0].userdata == 2);
    value = UINT64_MAX;
    CHECK_ERRNO(write(fd, &value, 8), EINVAL);
    value = UINT64_MAX - 1;
    CHECK(write(fd, &value, 8) == 8);
    CHECK_ERRNO(write(fd, &value, 8), EAGAIN);
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0 && count == 2 && out[0].userdata == 1);
    CHECK(read(fd, &value, 8) == 8 && value == UINT64_MAX - 1);
    CHECK(close(fd) == 0);
    CHECK(wasix_fd_event(2, kSemaphore | kNonblock, ADDRESS(&fd)) == 0);
    CHECK(read(fd, &value, 8) == 8 && value == 1);
    CHECK(read(fd, &value, 8) == 8 && value == 1);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    CHECK(close(fd) == 0);
}

/// The same clock twice has two events; nothing is shared between a pipe's ends.
static void events(void) {
    __wasi_subscription_t in[3];
    __wasi_event_t out[3];
    size_t count = 0;
    in[0] = clock_in(5, 1);
    in[1] = clock_in(5, 1);
    in[2] = clock_in(6, 0);
    in[2].u.u.clock.id = __WASI_CLOCKID_REALTIME;
    CHECK(__wasi_poll_oneoff(in, out, 3, &count) == 0 && count == 3);
    CHECK(out[0].userdata == 5 && out[1].userdata == 5 && out[2].userdata == 6);
    // Where nobody reads, libc's poll says POLLERR.
    int ends[2];
    CHECK(wasix_fd_pipe(ADDRESS(&ends[0]), ADDRESS(&ends[1])) == 0);
    CHECK(close(ends[0]) == 0);
    in[0] = file(1, __WASI_EVENTTYPE_FD_WRITE, ends[1]);
    CHECK(__wasi_poll_oneoff(in, out, 1, &count) == 0 && count == 1);
    CHECK(out[0].error == __WASI_ERRNO_IO && out[0].type == __WASI_EVENTTYPE_FD_WRITE);
    struct pollfd entry = {.fd = ends[1], .events = POLLOUT};
    CHECK(poll(&entry, 1, -1) == 1 && entry.revents == POLLERR);
    // Events may lie where the subscriptions do.
    union {
        __wasi_subscription_t in[3];
        __wasi_event_t out[3];
    } same;
    same.in[0] = file(1, __WASI_EVENTTYPE_FD_WRITE, ends[1]);
    same.in[1] = clock_in(2, 0);
    same.in[2] = clock_in(3, 1);
    CHECK(__wasi_poll_oneoff(same.in, same.out, 3, &count) == 0 && count == 3);
    CHECK(same.out[0].userdata == 1 && same.out[0].error == __WASI_ERRNO_IO);
    CHECK(same.out[1].userdata == 2 && same.out[2].userdata == 3);
    CHECK(close(ends[1]) == 0);
}

int main(void) {
    clocks();
    descriptors();
    unknown();
    counters();
    events();
    many();
    return 0;
}
