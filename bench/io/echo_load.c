// The clients of echo.c, native: `echo_load PORT CONNECTIONS MILLISECONDS`. Each sends 64 bytes and
// waits for them to come back, again and again, without a pause. Prints messages per second.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { kMessage = 64, kMaxClients = 1024, kEvents = 64, kAttempts = 2000 };

static char message[kMessage];

/// A connection; the server may not listen yet.
static int connected(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(fd, (struct sockaddr*)&address, sizeof address) == 0) {
            return fd;
        }
        close(fd);
        usleep(5000);
    }
    return -1;
}

/// Whether the message came back as it was sent.
static int receive(int fd) {
    char answer[kMessage];
    return recv(fd, answer, sizeof answer, MSG_WAITALL) == kMessage &&
           memcmp(answer, message, sizeof answer) == 0;
}

int main(int argc, char** argv) {
    if (argc != 4) {
        return 2;
    }
    const int clients = (int)strtol(argv[2], NULL, 10);
    const int epoll = epoll_create1(0);
    static int fds[kMaxClients];
    memset(message, 'e', sizeof message);
    for (int i = 0; i < clients; ++i) {
        fds[i] = connected((int)strtol(argv[1], NULL, 10));
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fds[i]};
        if (fds[i] < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &wanted) != 0) {
            fprintf(stderr, "echo_load: client %d found no server\n", i);
            return 1;
        }
    }
    const double start = now_ns();
    const double end = start + (double)strtol(argv[3], NULL, 10) * 1e6;
    for (int i = 0; i < clients; ++i) {
        send(fds[i], message, sizeof message, 0);
    }
    long answers = 0;
    int waiting = clients;
    double now = start;
    while (waiting > 0) {
        struct epoll_event events[kEvents];
        const int count = epoll_wait(epoll, events, kEvents, 5000);
        now = now_ns();
        if (count <= 0) {
            fprintf(stderr, "echo_load: no answer for five seconds\n");
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (!receive(fd)) {
                fprintf(stderr, "echo_load: a wrong answer, or none\n");
                return 1;
            }
            ++answers;
            if (now < end) {
                send(fd, message, sizeof message, 0);
            } else {
                --waiting;
            }
        }
    }
    printf("rate %.0f\n", (double)answers * 1e9 / (now - start));
    return 0;
}
