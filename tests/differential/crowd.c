// A thousand connections at once, to a server on epoll in the same process: fast and slow readers,
// clients that end their half of the stream, that reset it after a part, and that never read.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "events.h"
#include "net.h"
#include "report.h"

enum { kCrowd = 1000, kMostFds = 65536, kSmall = 64 << 10, kLarge = 8 << 20 };
enum { kFast, kHalf, kSlow, kResets, kIgnores, kKinds };
static const char* const kNames[kKinds] = {"fast", "half-closed", "slow", "reset", "ignored"};

/// One end of a connection; `done` is what it has sent or received of the answer.
struct end {
    int used;
    int serves;
    int client;  // its number, -1 when the server has not been told
    int turns;
    size_t done;
};
static struct end ends[kMostFds];  // by descriptor
static int epoll_fd;
static int listener;
static int open_ends;
static int refusals;

static struct {
    int finished;  // clients that read to the end, or as far as they wanted
    int wrong;     // bytes
    int served;    // answers that were sent to the end
    int broken;    // answers that failed
} counts[kKinds];

static int kind_of(int client) {
    return client % 100 == 7   ? kSlow
           : client % 100 == 8 ? kResets
           : client % 100 == 9 ? kIgnores
                               : client % 2;
}
static size_t answer_bytes(int client) { return kind_of(client) >= kSlow ? kLarge : kSmall; }

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static void watch(int fd, int serves, int client) {
    if (fd < 0 || fd >= kMostFds || ends[fd].used) {
        printf("descriptor %d\n", fd);
        exit(1);
    }
    ends[fd] = (struct end){.used = 1, .serves = serves, .client = client};
    set_nonblocking(fd);
    control(epoll_fd, kAdd, fd, kIn);
    ++open_ends;
}

static void drop(int fd) {
    ends[fd].used = 0;
    close(fd);
    --open_ends;
}

static void connect_client(int client, int port) {
    const int fd = net_socket(1);
    if (net_connect(fd, port) != 0 || net_send(fd, &client, sizeof client) != sizeof client) {
        printf("client %d: %s\n", client, error_name(errno));
        exit(1);
    }
    if (kind_of(client) == kHalf) {
        net_shutdown(fd, 0, 1);
    }
    if (kind_of(client) == kIgnores) {
        close(fd);
        return;
    }
    watch(fd, 0, client);
}

static void accept_all(void) {
    int fd = -1;
    while ((fd = net_accept(listener)) >= 0) {
        watch(fd, 1, -1);
    }
}

static void client_turn(int fd) {
    static char block[16384];
    struct end* const end = &ends[fd];
    const int kind = kind_of(end->client);
    if (kind == kSlow && ++end->turns % 8 != 0) {
        return;
    }
    const ssize_t part = net_recv(fd, block, kind == kSlow ? 8192 : sizeof block, 0);
    if (part < 0) {
        return;
    }
    for (ssize_t i = 0; i < part; ++i) {
        counts[kind].wrong += block[i] != (char)end->client;
    }
    end->done += (size_t)part;
    if (kind == kResets && end->done >= 4096) {
        net_linger(fd, 0);
        ++counts[kind].finished;
        drop(fd);
    } else if (part == 0) {
        counts[kind].finished += end->done == answer_bytes(end->client);
        drop(fd);
    }
}

static void server_turn(int fd) {
    static char block[1 << 20];  // more than fits
    struct end* const end = &ends[fd];
    if (end->client < 0) {
        if (net_recv(fd, &end->client, sizeof end->client, 0) == sizeof end->client) {
            control(epoll_fd, kModify, fd, kOut);
        }
        return;
    }
    const size_t left = answer_bytes(end->client) - end->done;
    const size_t size = left < sizeof block ? left : sizeof block;
    memset(block, end->client, size);
    const ssize_t part = net_send(fd, block, size);
    if (part < 0 && errno == EAGAIN) {
        ++refusals;
    } else if (part < 0) {
        ++counts[kind_of(end->client)].broken;
        if (errno != ECONNRESET && errno != EPIPE) {
            printf("sending: %s\n", error_name(errno));
        }
        drop(fd);
    } else if ((end->done += (size_t)part) == answer_bytes(end->client)) {
        ++counts[kind_of(end->client)].served;
        drop(fd);
    } else {
        refusals += (size_t)part < size;
    }
}

int main(void) {
    raise_file_limit();
    epoll_fd = make_epoll();
    listener = net_socket(1);
    net_bind(listener, 0);
    net_listen_for(listener, kCrowd);
    set_nonblocking(listener);
    control(epoll_fd, kAdd, listener, kIn);
    const int port = net_port(listener, 0);
    for (int client = 0; client < kCrowd; ++client) {
        connect_client(client, port);
    }
    accept_all();
    SHOW(open_ends > 1900);
    while (open_ends != 0) {
        struct ready ready[16];
        const int count = wait_for(epoll_fd, ready, 16, 10000);
        if (count <= 0) {
            printf("epoll: %d with %d open\n", count, open_ends);
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            const int fd = ready[i].fd;
            if (fd == listener) {
                accept_all();
            } else if (ends[fd].used && ends[fd].serves) {
                server_turn(fd);
            } else if (ends[fd].used) {
                client_turn(fd);
            }
        }
    }
    for (int kind = 0; kind < kKinds; ++kind) {
        printf("%s: finished %d wrong %d served %d broken %d\n", kNames[kind],
               counts[kind].finished, counts[kind].wrong, counts[kind].served, counts[kind].broken);
    }
    SHOW(refusals > 0);
    return 0;
}
