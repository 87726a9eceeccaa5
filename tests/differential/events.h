#pragma once

// Pipes, eventfds and epoll, on Linux by its calls and in a guest by WASIX's.

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

enum { kIn = 1, kOut = 2, kHangup = 32, kEdge = 64, kOnce = 128 };
enum { kAdd, kModify, kRemove };

struct ready {
    uint32_t events;
    int fd;
};

#ifdef __wasi__

#define EVENTS_IMPORT(name) __attribute__((import_module("wasix_32v1"), import_name(name)))
EVENTS_IMPORT("fd_pipe") uint32_t wx_pipe(void*, void*);
EVENTS_IMPORT("fd_event") uint32_t wx_event(uint64_t, uint32_t, void*);
EVENTS_IMPORT("fd_dup") uint32_t wx_dup(int, void*);
EVENTS_IMPORT("callback_signal") void wx_callback_signal(const char*, uint32_t);
EVENTS_IMPORT("epoll_create") uint32_t wx_epoll_create(void*);
EVENTS_IMPORT("epoll_ctl") uint32_t wx_epoll_ctl(int, uint32_t, int, const void*);
EVENTS_IMPORT("epoll_wait") uint32_t wx_epoll_wait(int, void*, uint32_t, uint64_t, void*);

struct wx_epoll_event {
    uint32_t events;
    uint32_t padding0;
    uint32_t ptr;
    int fd;
    uint32_t data1;
    uint32_t padding1;
    uint64_t data2;
};

static int events_result(uint32_t error) {
    errno = (int)error;
    return error == 0 ? 0 : -1;
}
/// A guest has what the host process has.
__attribute__((unused)) static void raise_file_limit(void) {}
/// Of a guest, the test sets the limit.
__attribute__((unused)) static void limit_files(int most) { (void)most; }
/// Writing to a pipe that nobody reads is an error and does not end the program. A guest says so by
/// naming a function for signals, which does not have to exist.
__attribute__((unused)) static void ignore_broken_pipes(void) { wx_callback_signal("none", 4); }
__attribute__((unused)) static int make_pipe(int ends[2]) {
    return events_result(wx_pipe(&ends[0], &ends[1]));
}
__attribute__((unused)) static int make_event(unsigned value, int semaphore) {
    int fd = -1;
    return events_result(wx_event(value, semaphore ? 1 : 0, &fd)) == 0 ? fd : -1;
}
__attribute__((unused)) static int duplicate(int fd) {
    int copy = -1;
    return events_result(wx_dup(fd, &copy)) == 0 ? copy : -1;
}
__attribute__((unused)) static int make_epoll(void) {
    int fd = -1;
    return events_result(wx_epoll_create(&fd)) == 0 ? fd : -1;
}
__attribute__((unused)) static int control(int epoll, int what, int fd, uint32_t events) {
    const uint32_t operations[] = {0, 3, 2};
    const struct wx_epoll_event event = {.events = events, .fd = fd};
    return events_result(wx_epoll_ctl(epoll, operations[what], fd, &event));
}
__attribute__((unused)) static int wait_for(int epoll, struct ready* ready, int most,
                                            int milliseconds) {
    struct wx_epoll_event events[16];
    uint32_t count = 0;
    const uint64_t timeout = milliseconds < 0 ? UINT64_MAX : (uint64_t)milliseconds * 1000 * 1000;
    if (events_result(wx_epoll_wait(epoll, events, (uint32_t)most, timeout, &count)) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; ++i) {
        ready[i] = (struct ready){events[i].events, events[i].fd};
    }
    return (int)count;
}

#else

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

__attribute__((unused)) static void raise_file_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
__attribute__((unused)) static void limit_files(int most) {
    const struct rlimit limit = {(rlim_t)most, (rlim_t)most};
    setrlimit(RLIMIT_NOFILE, &limit);
}
__attribute__((unused)) static void ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
__attribute__((unused)) static int make_pipe(int ends[2]) { return pipe(ends); }
__attribute__((unused)) static int make_event(unsigned value, int semaphore) {
    return eventfd(value, semaphore ? EFD_SEMAPHORE : 0);
}
__attribute__((unused)) static int duplicate(int fd) { return dup(fd); }
__attribute__((unused)) static int make_epoll(void) { return epoll_create1(0); }
__attribute__((unused)) static uint32_t exchange(uint32_t bits, int to_host) {
    static const uint32_t pairs[][2] = {{kIn, EPOLLIN},
                                        {kOut, EPOLLOUT},
                                        {kHangup, EPOLLHUP},
                                        {kEdge, EPOLLET},
                                        {kOnce, EPOLLONESHOT}};
    uint32_t result = 0;
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        result |= (bits & pairs[i][!to_host]) != 0 ? pairs[i][to_host] : 0;
    }
    return result;
}
__attribute__((unused)) static int control(int epoll, int what, int fd, uint32_t events) {
    const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    struct epoll_event event = {.events = exchange(events, 1), .data.fd = fd};
    return epoll_ctl(epoll, operations[what], fd, &event);
}
__attribute__((unused)) static int wait_for(int epoll, struct ready* ready, int most,
                                            int milliseconds) {
    struct epoll_event events[16];
    const int count = epoll_wait(epoll, events, most, milliseconds);
    for (int i = 0; i < count; ++i) {
        ready[i] = (struct ready){exchange(events[i].events, 0), events[i].data.fd};
    }
    return count;
}

#endif
