// net.h over the WASIX calls.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "net_polled.h"
#include "wasix.h"

enum { kBacklog = 1024, kMaxEvents = 64 };
enum { kInet4 = 1, kStream = 1, kTcp = 6, kNonBlocking = 4, kEndSending = 2 };
enum { kReusePort = 1, kNoDelay = 3 };  // sock_option
enum { kErrAgain = 6, kErrInterrupted = 27 };
enum { kIn = 1, kOut = 2 };
enum { kUpsert = 1, kDelete = 2 };

struct epoll_record {  // semantics 7.3
    uint32_t events;
    uint32_t padding0;
    uint32_t ptr;
    uint32_t fd;
    uint32_t data1;
    uint32_t padding1;
    uint64_t data2;
};

struct net_waiter {
    enum net_method method;
    uint32_t epoll;
    struct epoll_record ready[kMaxEvents];
    struct polled_set polled;
};

static int outcome(uint32_t error) {
    return error == kErrAgain || error == kErrInterrupted ? kNetAgain : kNetFailed;
}

int net_listen(uint16_t port, enum net_sharing sharing) {
    uint32_t fd = 0;
    struct wasix_address_port address = {.family = kInet4};
    memcpy(address.port, &port, sizeof port);
    // A WASIX host sets SO_REUSEADDR for every TCP listener.
    if (wasix_sock_open(kInet4, kStream, kTcp, WASIX_PTR(&fd)) != 0 ||
        (sharing == kNetShared && wasix_sock_set_opt_flag(fd, kReusePort, 1) != 0) ||
        wasix_sock_bind(fd, WASIX_PTR(&address)) != 0 || wasix_sock_listen(fd, kBacklog) != 0 ||
        wasix_fd_fdstat_set_flags(fd, kNonBlocking) != 0) {
        return kNetFailed;
    }
    return (int)fd;
}

int net_accept(int listener) {
    uint32_t fd = 0;
    struct wasix_address_port peer;
    const uint32_t error =
        wasix_sock_accept_v2((uint32_t)listener, kNonBlocking, WASIX_PTR(&fd), WASIX_PTR(&peer));
    if (error != 0) {
        return outcome(error);
    }
    wasix_sock_set_opt_flag(fd, kNoDelay, 1);
    return (int)fd;
}

long net_receive(int fd, void* into, size_t bytes) {
    const struct wasix_buffer buffer = {WASIX_PTR(into), (uint32_t)bytes};
    uint32_t got = 0;
    uint16_t flags = 0;
    const uint32_t error =
        wasix_sock_recv((uint32_t)fd, WASIX_PTR(&buffer), 1, 0, WASIX_PTR(&got), WASIX_PTR(&flags));
    return error == 0 ? (long)got : outcome(error);
}

long net_send(int fd, const void* from, size_t bytes) {
    const struct wasix_buffer buffer = {WASIX_PTR(from), (uint32_t)bytes};
    uint32_t sent = 0;
    const uint32_t error =
        wasix_sock_send((uint32_t)fd, WASIX_PTR(&buffer), 1, 0, WASIX_PTR(&sent));
    return error == 0 ? (long)sent : outcome(error);
}

void net_end(int fd) { wasix_sock_shutdown((uint32_t)fd, kEndSending); }

void net_close(int fd) { wasix_fd_close((uint32_t)fd); }

struct net_waiter* net_waiter_create(enum net_method method) {
    struct net_waiter* const waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL ||
        (method == kNetEpoll && wasix_epoll_create(WASIX_PTR(&waiter->epoll)) != 0)) {
        fprintf(stderr, "http_server: creating a waiter failed\n");
        exit(1);
    }
    waiter->method = method;
    return waiter;
}

int net_waiter_set(struct net_waiter* waiter, int fd, int wanted) {
    if (waiter->method == kNetPoll) {
        return polled_set(&waiter->polled, fd, wanted);
    }
    const struct epoll_record record = {
        .events = (wanted & kNetRead ? kIn : 0U) | (wanted & kNetWrite ? kOut : 0U),
        .fd = (uint32_t)fd};
    return wasix_epoll_ctl(waiter->epoll, kUpsert, (uint32_t)fd, WASIX_PTR(&record)) == 0
               ? 0
               : kNetFailed;
}

void net_waiter_remove(struct net_waiter* waiter, int fd) {
    if (waiter->method == kNetPoll) {
        polled_remove(&waiter->polled, fd);
    } else {
        const struct epoll_record record = {.fd = (uint32_t)fd};
        wasix_epoll_ctl(waiter->epoll, kDelete, (uint32_t)fd, WASIX_PTR(&record));
    }
}

int net_wait(struct net_waiter* waiter, struct net_event* events, int room) {
    if (waiter->method == kNetPoll) {
        return polled_wait(&waiter->polled, events, room);
    }
    const struct epoll_record* const ready = waiter->ready;
    uint32_t count = 0;
    const uint32_t error = wasix_epoll_wait(waiter->epoll, WASIX_PTR(ready),
                                            (uint32_t)(room < kMaxEvents ? room : kMaxEvents),
                                            UINT64_MAX, WASIX_PTR(&count));
    for (uint32_t i = 0; error == 0 && i < count; ++i) {
        const int both = (ready[i].events & ~(uint32_t)(kIn | kOut)) != 0;
        events[i].fd = (int)ready[i].fd;
        events[i].ready = (both || (ready[i].events & kIn) ? kNetRead : 0) |
                          (both || (ready[i].events & kOut) ? kNetWrite : 0);
    }
    return error == 0 ? (int)count : error == kErrInterrupted ? 0 : -1;
}
