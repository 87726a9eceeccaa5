// net.h over the host's libc.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "net_polled.h"

enum { kBacklog = 1024, kMaxEvents = 256 };

struct net_waiter {
    enum net_method method;
    int epoll;
    struct polled_set polled;
};

static long outcome(long result) {
    if (result >= 0) {
        return result;
    }
    return errno == EAGAIN || errno == EINTR ? kNetAgain : kNetFailed;
}

int net_listen(uint16_t port, enum net_sharing sharing) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (sharing == kNetShared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, kBacklog) != 0) {
        return kNetFailed;
    }
    return fd;
}

int net_accept(int listener) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd >= 0) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return (int)outcome(fd);
}

long net_receive(int fd, void* into, size_t bytes) { return outcome(recv(fd, into, bytes, 0)); }

long net_send(int fd, const void* from, size_t bytes) {
    return outcome(send(fd, from, bytes, MSG_NOSIGNAL));
}

void net_end(int fd) { shutdown(fd, SHUT_WR); }

void net_close(int fd) { close(fd); }

struct net_waiter* net_waiter_create(enum net_method method) {
    struct net_waiter* const waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL || (method == kNetEpoll && (waiter->epoll = epoll_create1(0)) < 0)) {
        perror("http_server: creating a waiter");
        exit(1);
    }
    waiter->method = method;
    return waiter;
}

int net_waiter_set(struct net_waiter* waiter, int fd, int wanted) {
    if (waiter->method == kNetPoll) {
        return polled_set(&waiter->polled, fd, wanted);
    }
    struct epoll_event event = {
        .events = (wanted & kNetRead ? EPOLLIN : 0U) | (wanted & kNetWrite ? EPOLLOUT : 0U),
        .data.fd = fd};
    if (epoll_ctl(waiter->epoll, EPOLL_CTL_MOD, fd, &event) == 0 ||
        (errno == ENOENT && epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, fd, &event) == 0)) {
        return 0;
    }
    return kNetFailed;
}

void net_waiter_remove(struct net_waiter* waiter, int fd) {
    if (waiter->method == kNetPoll) {
        polled_remove(&waiter->polled, fd);
    } else {
        epoll_ctl(waiter->epoll, EPOLL_CTL_DEL, fd, NULL);
    }
}

int net_wait(struct net_waiter* waiter, struct net_event* events, int room) {
    if (waiter->method == kNetPoll) {
        return polled_wait(&waiter->polled, events, room);
    }
    struct epoll_event ready[kMaxEvents];
    const int count = epoll_wait(waiter->epoll, ready, room < kMaxEvents ? room : kMaxEvents, -1);
    for (int i = 0; i < count; ++i) {
        const int both = (ready[i].events & (EPOLLERR | EPOLLHUP)) != 0;
        events[i].fd = ready[i].data.fd;
        events[i].ready = (both || (ready[i].events & EPOLLIN) ? kNetRead : 0) |
                          (both || (ready[i].events & EPOLLOUT) ? kNetWrite : 0);
    }
    return count < 0 && errno == EINTR ? 0 : count;
}
