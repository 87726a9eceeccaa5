#pragma once

// The part of net.h that poll(2) serves, the same on the host and, through wasi-libc's poll() and
// poll_oneoff, in a guest.

#include "net.h"

struct pollfd;

/// Sockets in the order in which they came; zero is an empty set.
struct polled_set {
    struct pollfd* entries;
    int count;
    int room;
    int* place_of_fd;  // index into entries plus one, 0: not there
    int known_fds;
    int next;  // where the last wait stopped, so that nobody starves
};

int polled_set(struct polled_set* set, int fd, int wanted);
void polled_remove(struct polled_set* set, int fd);
int polled_wait(struct polled_set* set, struct net_event* events, int room);
