// The native twin of server_keep.wat: same calls, same bytes, function for function.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kInputBytes = 4032, kOutputBytes = 4096, kConnections = 2048, kEvents = 64 };
enum { kOutputFull = 3840, kForgotten = 1 << 20 };
enum ending { kGoesOn, kEnds, kPeerIsTold };

struct connection {
    unsigned used;        // bytes of input
    unsigned start, end;  // of the output that is not sent yet
    enum ending ending;
    unsigned wanted;     // what epoll waits for
    int at_end;          // the peer has ended its stream
    unsigned scanned;    // bytes of input known to hold no blank line
    unsigned forgotten;  // bytes read at the end
    char input[kInputBytes];
    char output[kOutputBytes];
};

static struct connection connections[kConnections];
static int listener;
static int epoll;

static void check(int result) {
    if (result < 0) {
        fprintf(stderr, "server_keep: it cannot listen or wait: errno %d\n", errno);
        exit(1);
    }
}

// `fold` 0x20 takes capitals for small letters.
static int is(const char* text, const char* word, int fold) {
    for (; *word != '\0'; ++text, ++word) {
        if ((*text | fold) != (*word | fold)) {
            return 0;
        }
    }
    return 1;
}

static void append(struct connection* connection, const char* from, unsigned bytes) {
    memcpy(connection->output + connection->end, from, bytes);
    connection->end += bytes;
}

#define TEXT(literal) literal, sizeof literal - 1

static void answer(struct connection* connection, const char* head, unsigned head_bytes,
                   const char* rest, unsigned rest_bytes) {
    append(connection, head, head_bytes);
    if (connection->ending != kGoesOn) {
        append(connection, TEXT("Connection: close\r\n"));
    }
    append(connection, rest, rest_bytes);
}

static void refuse(struct connection* connection, const char* head, unsigned head_bytes) {
    connection->ending = kEnds;
    answer(connection, head, head_bytes, TEXT("\r\n"));
}

enum { kHost = 1, kClose = 2, kBody = 4 };

static int fields(const char* at, const char* end) {
    int found = 0;
    while (at < end) {
        if (*at++ != '\n') {
            continue;
        }
        switch (*at | 0x20) {
            case 'h':
                found |= is(at, "host:", 0x20) ? kHost : 0;
                break;
            case 't':
                found |= is(at, "transfer-encoding:", 0x20) ? kBody : 0;
                break;
            case 'c':
                if (is(at, "content-length:", 0x20)) {
                    found |= kBody;
                } else if (is(at, "connection:", 0x20)) {
                    at += sizeof "connection:" - 1;
                    while (*at == ' ') {
                        ++at;
                    }
                    found |= is(at, "close", 0x20) ? kClose : 0;
                }
                break;
            default:
                break;
        }
    }
    return found;
}

static void request(struct connection* connection, const char* at, const char* end) {
    int is_head = 0;
    if (!is(at, "GET ", 0) && !(is_head = is(at, "HEAD ", 0))) {
        refuse(connection, TEXT("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n"));
        return;
    }
    at += 4 + is_head;
    const char* line_end = at;
    while (*line_end != '\r') {
        ++line_end;
    }
    int found = fields(line_end, end);
    found |= line_end[-1] == '0' ? kHost | kClose : 0;  // 1.0
    if (line_end - at < 10 || line_end[-9] != ' ' || !(found & kHost) ||
        !is(line_end - 8, "HTTP/1.", 0)) {
        refuse(connection, TEXT("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"));
        return;
    }
    if (found & kBody) {
        refuse(connection, TEXT("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n"));
        return;
    }
    if (found & kClose) {
        connection->ending = kEnds;
    }
    if (*at == '/' && (at[1] == ' ' || at[1] == '?')) {
        answer(connection,
               TEXT("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n"),
               "\r\nHello, World!", is_head ? 2 : 15);
    } else {
        answer(connection, TEXT("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n"),
               "\r\nnot found\n", is_head ? 2 : 12);
    }
}

// Whether it stopped because the output is full.
static int process(struct connection* connection) {
    const char* input = connection->input;
    const char* const end = input + connection->used;
    const char* scan = input + connection->scanned;
    int full = 0;
    while (connection->ending == kGoesOn && !(full = connection->end > kOutputFull)) {
        if (end - input >= 2 && memcmp(input, "\r\n", 2) == 0) {
            scan = input += 2;
            continue;
        }
        while (end - scan >= 4 && memcmp(scan, "\r\n\r\n", 4) != 0) {
            ++scan;
        }
        if (end - scan < 4) {
            break;
        }
        scan += 4;
        request(connection, input, scan);
        input = scan;
    }
    if (connection->ending != kGoesOn) {
        input = end;
    }
    connection->used = (unsigned)(end - input);
    connection->scanned = scan > input ? (unsigned)(scan - input) : 0;
    if (input != connection->input) {
        memmove(connection->input, input, connection->used);
    }
    if (!full && connection->used == kInputBytes && connection->ending == kGoesOn) {
        refuse(connection,
               TEXT("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"));
        connection->used = 0;
        connection->scanned = 0;
    }
    return full;
}

static int passes(void) { return errno == EAGAIN || errno == EINTR; }

static int receive(int fd, struct connection* connection) {
    if (connection->at_end || connection->used == kInputBytes) {
        return 1;
    }
    const ssize_t got =
        recv(fd, connection->input + connection->used, kInputBytes - connection->used, 0);
    if (got < 0) {
        return passes();
    }
    connection->at_end = got == 0;
    if (connection->ending != kGoesOn) {
        connection->forgotten += (unsigned)got;
        return connection->forgotten < kForgotten;
    }
    connection->used += (unsigned)got;
    return 1;
}

static int flush(int fd, struct connection* connection) {
    while (connection->start != connection->end) {
        const ssize_t sent = send(fd, connection->output + connection->start,
                                  connection->end - connection->start, MSG_NOSIGNAL);
        if (sent < 0) {
            return passes();
        }
        connection->start += (unsigned)sent;
    }
    connection->start = 0;
    connection->end = 0;
    return 1;
}

static int serve(int fd, struct connection* connection) {
    if (!receive(fd, connection)) {
        return 0;
    }
    int full = 0;
    do {
        full = process(connection);
        if (!flush(fd, connection)) {
            return 0;
        }
    } while (full && connection->end == 0);
    if (connection->end != 0) {
        return 1;
    }
    if (connection->ending == kEnds) {
        shutdown(fd, SHUT_WR);
        connection->ending = kPeerIsTold;
    }
    return !connection->at_end;
}

// epoll_ctl of WASIX adds or changes; here that is two operations.
static int wait_for(int fd, unsigned wanted, int operation) {
    struct epoll_event event = {.events = wanted, .data.fd = fd};
    return epoll_ctl(epoll, operation, fd, &event) == 0;
}

static void turn(int fd, int operation) {
    struct connection* const connection = &connections[fd];
    if (serve(fd, connection)) {
        const unsigned wanted =
            (connection->at_end || connection->used == kInputBytes ? 0U : EPOLLIN) |
            (connection->end != 0 ? EPOLLOUT : 0U);
        if (wanted == connection->wanted) {
            return;
        }
        connection->wanted = wanted;
        if (wait_for(fd, wanted, operation)) {
            return;
        }
    }
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
}

static void accept_all(void) {
    const int on = 1;
    int fd = 0;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= kConnections) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        memset(&connections[fd], 0, offsetof(struct connection, input));
        turn(fd, EPOLL_CTL_ADD);
    }
}

static void listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int on = 1;
    check(listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP));
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    check(bind(listener, (struct sockaddr*)&address, sizeof address));
    check(listen(listener, 1024));
    check(epoll = epoll_create1(0));
    check(wait_for(listener, EPOLLIN, EPOLL_CTL_ADD) - 1);
}

int main(int argc, char** argv) {
    const int port = argc > 1 ? atoi(argv[1]) : 8081;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "Usage: server_keep [PORT], at most 65535\n");
        return 2;
    }
    listen_on(port);
    printf("server_keep: listening on port %d\n", port);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[kEvents];
        const int count = epoll_wait(epoll, events, kEvents, -1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        check(count);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.fd == listener) {
                accept_all();
            } else {
                turn(events[i].data.fd, EPOLL_CTL_MOD);
            }
        }
    }
}
