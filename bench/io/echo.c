// A TCP server that sends back what it receives, on epoll: `echo PORT CONNECTIONS`. Ends when so
// many connections have come and gone, and prints the CPU time that a message took, in
// microseconds. Guest and native; bench/io/run.sh builds and compares them.

#include <stdio.h>
#include <stdlib.h>

#include "../../guests/net.h"
#include "bench.h"

enum { kMessage = 64, kEvents = 64 };

static void serve(struct net_waiter* waiter, int listener, long connections) {
    static struct net_event events[kEvents];
    static char message[kMessage];
    double start = 0;
    long messages = 0;
    for (long ended = 0; ended < connections;) {
        const int count = net_wait(waiter, events, kEvents);
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].fd;
            if (fd == listener) {
                const int connection = net_accept(listener);
                if (connection >= 0) {
                    net_waiter_set(waiter, connection, kNetRead);
                    start = cpu_ns();
                }
                continue;
            }
            const long got = net_receive(fd, message, sizeof message);
            if (got > 0) {
                net_send(fd, message, (size_t)got);  // so little always fits
                ++messages;
            } else if (got != kNetAgain) {
                net_waiter_remove(waiter, fd);
                net_close(fd);
                ++ended;
            }
        }
    }
    printf("cpu %.4f\n", (cpu_ns() - start) / 1e3 / (double)messages);
}

int main(int argc, char** argv) {
    if (argc != 3) {
        return 2;
    }
    struct net_waiter* const waiter = net_waiter_create(kNetEpoll);
    const int listener = net_listen((uint16_t)strtol(argv[1], NULL, 10), kNetAlone);
    if (listener < 0 || net_waiter_set(waiter, listener, kNetRead) != 0) {
        fprintf(stderr, "echo: no listener at port %s\n", argv[1]);
        return 1;
    }
    serve(waiter, listener, strtol(argv[2], NULL, 10));
    return 0;
}
