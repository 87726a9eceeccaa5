#include "net_polled.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

// Makes room for `fd` in both tables. 0, or kNetFailed.
static int reserve(struct polled_set* set, int fd) {
    if (fd >= set->known_fds) {
        const int known = (fd + 1) * 2;
        int* const places = realloc(set->place_of_fd, (size_t)known * sizeof *places);
        if (places == NULL) {
            return kNetFailed;
        }
        memset(places + set->known_fds, 0, (size_t)(known - set->known_fds) * sizeof *places);
        set->place_of_fd = places;
        set->known_fds = known;
    }
    if (set->count == set->room) {
        const int room = set->room == 0 ? 64 : set->room * 2;
        struct pollfd* const entries = realloc(set->entries, (size_t)room * sizeof *entries);
        if (entries == NULL) {
            return kNetFailed;
        }
        set->entries = entries;
        set->room = room;
    }
    return 0;
}

int polled_set(struct polled_set* set, int fd, int wanted) {
    if (reserve(set, fd) != 0) {
        return kNetFailed;
    }
    if (set->place_of_fd[fd] == 0) {
        set->entries[set->count].fd = fd;
        set->place_of_fd[fd] = ++set->count;
    }
    set->entries[set->place_of_fd[fd] - 1].events =
        (short)((wanted & kNetRead ? POLLIN : 0) | (wanted & kNetWrite ? POLLOUT : 0));
    return 0;
}

void polled_remove(struct polled_set* set, int fd) {
    if (fd >= set->known_fds || set->place_of_fd[fd] == 0) {
        return;
    }
    const int place = set->place_of_fd[fd] - 1;
    set->entries[place] = set->entries[--set->count];
    set->place_of_fd[set->entries[place].fd] = place + 1;
    set->place_of_fd[fd] = 0;
}

int polled_wait(struct polled_set* set, struct net_event* events, int room) {
    const int ready = poll(set->entries, (nfds_t)set->count, -1);
    if (ready < 0) {
        return errno == EINTR ? 0 : -1;
    }
    int stored = 0;
    const int start = set->next < set->count ? set->next : 0;
    for (int i = 0; i < set->count && stored < room; ++i) {
        const int place = (start + i) % set->count;
        const short happened = set->entries[place].revents;
        if (happened == 0) {
            continue;
        }
        const int both = (happened & ~(POLLIN | POLLOUT)) != 0;
        events[stored].fd = set->entries[place].fd;
        events[stored++].ready = (both || (happened & POLLIN) ? kNetRead : 0) |
                                 (both || (happened & POLLOUT) ? kNetWrite : 0);
        set->next = place + 1;
    }
    return stored;
}
