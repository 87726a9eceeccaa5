// Streams of bytes through pipes, Unix sockets and TCP, without blocking. Every call may transfer
// less than it could or nothing at all (EAGAIN), as on a busy machine: what arrives is the same.

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "net.h"
#include "report.h"

enum { kTotal = 300000 };

/// stdio gives up at EAGAIN: what is printed is collected, and written at the end.
static char printed[4096];
static size_t printed_bytes;

__attribute__((format(printf, 1, 2))) static void say(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int count =
        vsnprintf(printed + printed_bytes, sizeof printed - printed_bytes, format, arguments);
    va_end(arguments);
    printed_bytes += (size_t)count;
}

static void write_what_was_said(void) {
    for (size_t done = 0; done < printed_bytes;) {
        const ssize_t part = write(1, printed + done, printed_bytes - done);
        if (part < 0 && errno != EAGAIN) {
            exit(3);
        }
        done += part > 0 ? (size_t)part : 0;
    }
}

__attribute__((noreturn)) static void give_up(const char* what) {
    say("%s: %s\n", what, error_name(errno));
    write_what_was_said();
    exit(1);
}

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static char byte_at(size_t place) { return (char)(place * 31 + place / 1009); }

/// Sizes of transfers that are neither round nor equal.
static size_t next_size(size_t* state) {
    *state = *state * 1103515245 + 12345;
    return 1 + (*state >> 8) % 20000;
}

/// One call that sends what comes at `place`: by write, writev or send.
static ssize_t send_from(int fd, int is_socket, size_t place, size_t* sizes) {
    static char out[20000];
    size_t count = next_size(sizes);
    count = place + count > kTotal ? kTotal - place : count;
    for (size_t i = 0; i < count; ++i) {
        out[i] = byte_at(place + i);
    }
    const size_t third = count / 3;
    struct iovec parts[3] = {
        {out, third}, {out + third, third}, {out + 2 * third, count - 2 * third}};
    switch (count % 3) {
        case 0:
            return write(fd, out, count);
        case 1:
            return writev(fd, parts, 3);
        default:
            return is_socket ? net_send(fd, out, count) : write(fd, out, count);
    }
}

/// One call that receives and compares; what it received.
static ssize_t receive_at(int fd, int is_socket, size_t place, size_t* sizes) {
    static char in[20000];
    const size_t count = next_size(sizes);
    const size_t third = count / 3;
    struct iovec parts[3] = {{in, third}, {in + third, third}, {in + 2 * third, count - 2 * third}};
    ssize_t part = 0;
    switch (count % 3) {
        case 0:
            part = read(fd, in, count);
            break;
        case 1:
            part = readv(fd, parts, 3);
            break;
        default:
            part = is_socket ? net_recv(fd, in, count, 0) : read(fd, in, count);
    }
    for (ssize_t i = 0; i < part; ++i) {
        if (in[i] != byte_at(place + (size_t)i)) {
            say("another byte at %zu\n", place + (size_t)i);
        }
    }
    return part;
}

/// Sends all of it to `to`, ends the stream as `end` does, and receives from `from` to its end.
static void pump(const char* name, int to, int from, int is_socket, void (*end)(int)) {
    size_t sent = 0;
    size_t received = 0;
    size_t send_sizes = 7;
    size_t receive_sizes = 11;
    for (int ended = 0; !ended;) {
        struct pollfd both[2] = {{from, POLLIN, 0}, {to, POLLOUT, 0}};
        const nfds_t count = sent < kTotal ? 2 : 1;
        if (poll(both, count, 10000) <= 0) {
            give_up("poll");
        }
        if (count == 2 && both[1].revents != 0) {
            const ssize_t part = send_from(to, is_socket, sent, &send_sizes);
            if (part < 0 && errno != EAGAIN) {
                give_up("send");
            }
            sent += part > 0 ? (size_t)part : 0;
            if (sent == kTotal) {
                end(to);
            }
        }
        if (both[0].revents != 0) {
            const ssize_t part = receive_at(from, is_socket, received, &receive_sizes);
            if (part < 0 && errno != EAGAIN) {
                give_up("receive");
            }
            received += part > 0 ? (size_t)part : 0;
            ended = part == 0;
        }
    }
    say("%s: sent %zu received %zu\n", name, sent, received);
}

static void end_by_close(int fd) { close(fd); }
static void end_by_shutdown(int fd) {
    if (net_shutdown(fd, 0, 1) != 0) {
        give_up("shutdown");
    }
}

static void connect_two(int* client, int* server) {
    const int listener = net_socket(1);
    net_bind(listener, 0);
    net_listen(listener);
    set_nonblocking(listener);
    *client = net_socket(1);
    if (net_connect(*client, net_port(listener, 0)) != 0) {
        give_up("connect");
    }
    while ((*server = net_accept(listener)) < 0) {
        if (errno != EAGAIN) {
            give_up("accept");
        }
        poll(&(struct pollfd){listener, POLLIN, 0}, 1, 10000);
    }
    close(listener);
    set_nonblocking(*client);
    set_nonblocking(*server);
}

static void every_kind(void) {
    int ends[2];
    make_pipe(ends);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
    pump("pipe", ends[1], ends[0], 0, end_by_close);
    close(ends[0]);
    net_pair(ends);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
    pump("pair", ends[1], ends[0], 1, end_by_shutdown);
    pump("pair, the other way", ends[0], ends[1], 1, end_by_close);
    close(ends[1]);
    int client;
    int server;
    connect_two(&client, &server);
    pump("tcp", client, server, 1, end_by_shutdown);
    pump("tcp, the other way", server, client, 1, end_by_close);
    close(client);
}

enum { kClients = 5, kEchoed = 20000 };

/// A client and its end at the server, each -1 when closed.
struct conversation {
    int client;
    int server;
    size_t sent;
    size_t returned;
    char pending[4096];  // what the server has to send back
    size_t pending_bytes;
};

/// Closes what is at its end.
static void closed(int* fd) {
    close(*fd);
    *fd = -1;
}

static void client_turn(struct conversation* all, int epoll) {
    char block[777];
    ssize_t part = read(all->client, block, sizeof block);
    for (ssize_t i = 0; i < part; ++i) {
        if (block[i] != byte_at(all->returned + (size_t)i)) {
            say("another byte came back\n");
        }
    }
    all->returned += part > 0 ? (size_t)part : 0;
    if (part == 0) {
        closed(&all->client);
    } else if (all->sent < kEchoed) {
        const size_t left = kEchoed - all->sent;
        const size_t size = left < sizeof block ? left : sizeof block;
        for (size_t i = 0; i < size; ++i) {
            block[i] = byte_at(all->sent + i);
        }
        part = write(all->client, block, size);
        all->sent += part > 0 ? (size_t)part : 0;
        if (all->sent == kEchoed) {
            end_by_shutdown(all->client);
            control(epoll, kModify, all->client, kIn);
        }
    }
}

static void server_turn(struct conversation* all, int epoll) {
    if (all->pending_bytes == 0) {
        const ssize_t part = net_recv(all->server, all->pending, sizeof all->pending, 0);
        if (part == 0) {
            closed(&all->server);
            return;
        }
        all->pending_bytes = part > 0 ? (size_t)part : 0;
    }
    if (all->pending_bytes != 0) {
        const ssize_t part = net_send(all->server, all->pending, all->pending_bytes);
        const size_t done = part > 0 ? (size_t)part : 0;
        memmove(all->pending, all->pending + done, all->pending_bytes - done);
        all->pending_bytes -= done;
        control(epoll, kModify, all->server, all->pending_bytes != 0 ? kOut : kIn);
    }
}

/// A server on epoll, level-triggered, that sends back what its clients send.
static void echoes(void) {
    static struct conversation all[kClients];
    const int epoll = make_epoll();
    for (int i = 0; i < kClients; ++i) {
        connect_two(&all[i].client, &all[i].server);
        control(epoll, kAdd, all[i].client, kIn | kOut);
        control(epoll, kAdd, all[i].server, kIn);
    }
    for (int open = kClients; open != 0;) {
        struct ready ready[16];
        const int count = wait_for(epoll, ready, 16, 10000);
        if (count <= 0) {
            give_up("epoll");
        }
        for (int r = 0; r < count; ++r) {
            for (int i = 0; i < kClients; ++i) {
                if (ready[r].fd == all[i].client) {
                    client_turn(&all[i], epoll);
                    open -= all[i].client < 0;
                } else if (ready[r].fd == all[i].server) {
                    server_turn(&all[i], epoll);
                }
            }
        }
    }
    for (int i = 0; i < kClients; ++i) {
        say("echo %d: sent %zu returned %zu, server closed %d\n", i, all[i].sent, all[i].returned,
            all[i].server < 0);
    }
    close(epoll);
}

int main(void) {
    every_kind();
    echoes();
    write_what_was_said();
    return 0;
}
