#pragma once

// Sockets as http_server.c needs them: TCP, IPv4, never blocking, and waiting for many. Written
// twice, over the host's libc (net_posix.c) and over the WASIX calls (net_wasix.c), so that the
// same server runs native and as a guest with the same calls underneath.

#include <stddef.h>
#include <stdint.h>

enum {
    kNetAgain = -1,   // nothing now: wait for it
    kNetFailed = -2,  // the connection, or the call, is of no further use
};

/// Whether several sockets may listen on the port, each of its own thread.
enum net_sharing { kNetAlone, kNetShared };

/// A listening socket on all addresses, or kNetFailed.
int net_listen(uint16_t port, enum net_sharing sharing);
/// The next connection, or one of the above.
int net_accept(int listener);
/// Bytes that were read, 0 at the end of the stream, or one of the above.
long net_receive(int fd, void* into, size_t bytes);
/// Bytes that were taken, or one of the above.
long net_send(int fd, const void* from, size_t bytes);
/// Ends the stream to the peer; what it sends can still be read.
void net_end(int fd);
void net_close(int fd);

enum net_method { kNetEpoll, kNetPoll };
enum { kNetRead = 1, kNetWrite = 2 };

/// A set of sockets to wait for, each in the state of being readable or writable. One thread at a
/// time.
struct net_waiter;
/// Never NULL: ends the program when there is none to be had.
struct net_waiter* net_waiter_create(enum net_method method);
/// `wanted`: kNetRead, kNetWrite, both, or 0. A socket that is there already is changed. 0, or
/// kNetFailed.
int net_waiter_set(struct net_waiter* waiter, int fd, int wanted);
/// Before the socket is closed.
void net_waiter_remove(struct net_waiter* waiter, int fd);

struct net_event {
    int fd;
    int ready;  // kNetRead, kNetWrite or both; an error or hang-up is both
};
/// Waits until at least one is ready. How many were stored, at most `room`; fewer than 0: it
/// failed.
int net_wait(struct net_waiter* waiter, struct net_event* events, int room);
