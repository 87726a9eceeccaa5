// An event-driven HTTP/1.1 server on one thread: `http_server [PORT [epoll|poll]]`. The same source
// is a guest and its native twin; net.h is what differs. It answers GET and HEAD of `/` (Hello,
// World!) and `/bytes/N` (N times `x`), and POST of `/echo` with what it was sent.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_request.h"
#include "net.h"

enum {
    kInputBytes = 16384,
    kOutputLimit = 65536,     // with more than that unsent, no further request is read
    kDiscardLimit = 1 << 20,  // what is read of a peer that will not be answered any more
    kMaxAnswerBytes = 1 << 20,
    kMaxConnections = 16384,
    kEvents = 256,
};
_Static_assert((int)kInputBytes > (int)kMaxHeadBytes, "a head must fit the input");

struct bytes {
    char* data;
    size_t count;
    size_t room;
    size_t start;  // of what is not sent yet
};

enum phase { kHeads, kBody, kChunks, kEnding, kDiscarding };

struct connection {
    int fd;
    enum phase phase;
    int wanted;  // what the waiter was told
    int at_end;  // the peer sends no more
    size_t input_bytes;
    size_t discarded;
    struct http_request request;  // its path is valid only until the head is consumed
    int echoes;
    uint64_t body_left;
    struct http_chunks chunks;
    struct bytes body;
    struct bytes output;
    char input[kInputBytes];
};

struct server {
    struct net_waiter* waiter;
    int listener;
    struct connection* connections[kMaxConnections];  // by descriptor
};

static int append(struct bytes* bytes, const void* data, size_t count) {
    if (bytes->count + count > bytes->room) {
        size_t room = bytes->room == 0 ? 256 : bytes->room;
        while (room < bytes->count + count) {
            room *= 2;
        }
        char* const grown = realloc(bytes->data, room);
        if (grown == NULL) {
            return 0;
        }
        bytes->data = grown;
        bytes->room = room;
    }
    if (data != NULL) {
        memcpy(bytes->data + bytes->count, data, count);
    }
    bytes->count += count;
    return 1;
}

static const char* reason_of(int status) {
    static const struct {
        int status;
        const char* reason;
    } kReasons[] = {{200, "OK"},
                    {400, "Bad Request"},
                    {404, "Not Found"},
                    {405, "Method Not Allowed"},
                    {413, "Content Too Large"},
                    {414, "URI Too Long"},
                    {431, "Request Header Fields Too Large"},
                    {501, "Not Implemented"},
                    {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof kReasons / sizeof *kReasons; ++i) {
        if (kReasons[i].status == status) {
            return kReasons[i].reason;
        }
    }
    return "Internal Server Error";
}

// Appends an answer; without `body` its bytes are all `x`. A HEAD gets the head alone.
static int answer(struct connection* connection, int status, const char* body, size_t body_bytes) {
    const struct http_request* const request = &connection->request;
    char head[256];
    const int head_bytes = snprintf(
        head, sizeof head,
        "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s%s\r\n", status,
        reason_of(status), body_bytes, status == 405 ? "Allow: GET, HEAD, POST\r\n" : "",
        request->keep_alive ? "" : "Connection: close\r\n");
    struct bytes* const output = &connection->output;
    if (!append(output, head, (size_t)head_bytes)) {
        return 0;
    }
    if (request->method == kHead) {
        return 1;
    }
    const size_t at = output->count;
    if (!append(output, body, body_bytes)) {
        return 0;
    }
    if (body == NULL) {
        memset(output->data + at, 'x', body_bytes);
    }
    return 1;
}

// The commonest answer, made once.
static int answer_hello(struct connection* connection) {
    static const char kHello[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
    if (connection->request.method == kGet && connection->request.keep_alive) {
        return append(&connection->output, kHello, sizeof kHello - 1);
    }
    return answer(connection, 200, "Hello, World!", 13);
}

static int path_is(const struct http_request* request, const char* path) {
    return request->path_bytes == strlen(path) &&
           memcmp(request->path, path, request->path_bytes) == 0;
}

// `/bytes/N`: N, or -1 when it is something else or too much.
static long bytes_asked(const struct http_request* request) {
    static const char kPrefix[] = "/bytes/";
    const size_t prefix = sizeof kPrefix - 1;
    if (request->path_bytes <= prefix || memcmp(request->path, kPrefix, prefix) != 0) {
        return -1;
    }
    long count = 0;
    for (size_t i = prefix; i < request->path_bytes; ++i) {
        if (request->path[i] < '0' || request->path[i] > '9') {
            return -1;
        }
        count = count * 10 + (request->path[i] - '0');
        if (count > kMaxAnswerBytes) {
            return -1;
        }
    }
    return count;
}

// What a request is answered with, apart from an echo, whose body has to come first.
static int respond(struct connection* connection) {
    const struct http_request* const request = &connection->request;
    const int reads = request->method == kGet || request->method == kHead;
    const long count = bytes_asked(request);
    if (request->method == kOtherMethod) {
        return answer(connection, 501, "", 0);
    }
    if (path_is(request, "/")) {
        return reads ? answer_hello(connection) : answer(connection, 405, "", 0);
    }
    if (count >= 0) {
        return reads ? answer(connection, 200, NULL, (size_t)count)
                     : answer(connection, 405, "", 0);
    }
    if (path_is(request, "/echo")) {
        return answer(connection, 405, "", 0);  // a POST does not come here
    }
    return answer(connection, 404, "not found\n", 10);
}

// Answers what cannot be understood; the connection ends after that.
static int refuse(struct connection* connection, int status) {
    connection->request.keep_alive = 0;
    connection->phase = kEnding;
    return answer(connection, status, "", 0);
}

// The request has come to its end.
static int finish_request(struct connection* connection) {
    int fine = 1;
    if (connection->echoes) {
        fine = answer(connection, 200, connection->body.data, connection->body.count);
        connection->body.count = 0;
    }
    connection->phase = connection->request.keep_alive ? kHeads : kEnding;
    return fine;
}

static int begin_request(struct connection* connection) {
    struct http_request* const request = &connection->request;
    connection->echoes = request->method == kPost && path_is(request, "/echo");
    if (!connection->echoes && !respond(connection)) {
        return 0;
    }
    if (request->expects_continue && (request->chunked || request->content_length > 0)) {
        static const char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
        // After an answer it would be a second one: then the body comes unasked, or not at all.
        if (connection->echoes && !append(&connection->output, kContinue, sizeof kContinue - 1)) {
            return 0;
        }
    }
    if (request->chunked) {
        memset(&connection->chunks, 0, sizeof connection->chunks);
        connection->phase = kChunks;
        return 1;
    }
    connection->body_left = request->content_length;
    connection->phase = kBody;
    return 1;
}

// One step of reading the input. Bytes taken; 0: it needs more; fewer than 0: the connection fails.
static long step(struct connection* connection, const char* input, size_t count) {
    if (connection->phase == kHeads) {
        const long taken = count == 0 ? 0 : http_read_head(input, count, &connection->request);
        if (taken < 0) {
            return refuse(connection, (int)-taken) ? (long)count : -1;
        }
        return taken > 0 && !begin_request(connection) ? -1 : taken;
    }
    if (connection->phase == kBody) {
        const size_t taken = count < connection->body_left ? count : (size_t)connection->body_left;
        if (connection->echoes && !append(&connection->body, input, taken)) {
            return -1;
        }
        connection->body_left -= taken;
        if (connection->body_left == 0 && !finish_request(connection)) {
            return -1;
        }
        return (long)taken;
    }
    struct http_piece piece;
    const long taken = http_read_chunk(&connection->chunks, input, count, &piece);
    if (taken < 0) {
        return refuse(connection, (int)-taken) ? (long)count : -1;
    }
    if ((connection->echoes && !append(&connection->body, piece.data, piece.data_bytes)) ||
        (piece.done && !finish_request(connection))) {
        return -1;
    }
    return taken;
}

// Reads requests from the input until it needs more, or until enough is to be sent. 0: it failed.
static int process(struct connection* connection) {
    size_t at = 0;
    while (connection->phase < kEnding &&
           connection->output.count - connection->output.start < kOutputLimit) {
        const enum phase before = connection->phase;
        const long taken = step(connection, connection->input + at, connection->input_bytes - at);
        if (taken < 0) {
            return 0;
        }
        at += (size_t)taken;
        if (taken == 0 && connection->phase == before) {
            break;
        }
    }
    if (connection->phase >= kEnding) {
        at = connection->input_bytes;
    }
    connection->input_bytes -= at;
    memmove(connection->input, connection->input + at, connection->input_bytes);
    return 1;
}

// Sends what there is. 0: it failed.
static int flush(struct connection* connection) {
    struct bytes* const output = &connection->output;
    while (output->start < output->count) {
        const long sent =
            net_send(connection->fd, output->data + output->start, output->count - output->start);
        if (sent == kNetAgain) {
            return 1;
        }
        if (sent < 0) {
            return 0;
        }
        output->start += (size_t)sent;
    }
    output->start = 0;
    output->count = 0;
    return 1;
}

// Reads once, into the input or, of a peer that will get no answer any more, to nowhere. 0: it
// failed.
static int receive(struct connection* connection) {
    static _Thread_local char nowhere[kInputBytes];
    const int discards = connection->phase >= kEnding;
    const size_t room = discards ? sizeof nowhere : kInputBytes - connection->input_bytes;
    if (room == 0) {
        return 1;  // there is enough to do
    }
    const long got = net_receive(
        connection->fd, discards ? nowhere : connection->input + connection->input_bytes, room);
    if (got == kNetAgain) {
        return 1;
    }
    if (got < 0) {
        return 0;
    }
    connection->at_end = got == 0;
    if (discards) {
        connection->discarded += (size_t)got;
        return connection->discarded <= kDiscardLimit;
    }
    connection->input_bytes += (size_t)got;
    return 1;
}

// Does all that can be done now. 0: the connection is over.
static int serve(struct connection* connection, int ready) {
    if ((ready & kNetRead) && !connection->at_end && !receive(connection)) {
        return 0;
    }
    for (;;) {
        const int put_off = connection->output.count - connection->output.start >= kOutputLimit;
        const size_t before = connection->input_bytes;
        if (!process(connection) || !flush(connection)) {
            return 0;
        }
        // Once more only for requests that were put off because too much was unsent.
        if (connection->output.count > 0 || connection->input_bytes == 0 ||
            (!put_off && connection->input_bytes == before)) {
            break;
        }
    }
    const int unsent = connection->output.count > 0;
    if (connection->phase == kEnding && !unsent) {
        // A close with bytes unread would reset the connection, and the answer might be lost.
        net_end(connection->fd);
        connection->phase = kDiscarding;
    }
    return !(connection->at_end && !unsent);
}

static void drop(struct server* server, struct connection* connection) {
    net_waiter_remove(server->waiter, connection->fd);
    net_close(connection->fd);
    server->connections[connection->fd] = NULL;
    free(connection->body.data);
    free(connection->output.data);
    free(connection);
}

// Tells the waiter what the connection waits for, when that has changed. 0: it failed.
static int arm(struct server* server, struct connection* connection) {
    const int unsent = connection->output.count > 0;
    const int full =
        connection->phase < kEnding && unsent && connection->input_bytes == kInputBytes;
    const int wanted = (connection->at_end || full ? 0 : kNetRead) | (unsent ? kNetWrite : 0);
    if (wanted == connection->wanted) {
        return 1;
    }
    connection->wanted = wanted;
    return net_waiter_set(server->waiter, connection->fd, wanted) == 0;
}

static void accept_all(struct server* server) {
    for (;;) {
        const int fd = net_accept(server->listener);
        if (fd < 0) {
            return;  // none left, or one that has gone already
        }
        struct connection* const connection =
            fd < kMaxConnections ? calloc(1, sizeof *connection) : NULL;
        if (connection == NULL) {
            net_close(fd);
            continue;
        }
        connection->fd = fd;
        server->connections[fd] = connection;
        // Its request is often there already.
        if (!serve(connection, kNetRead) || !arm(server, connection)) {
            drop(server, connection);
        }
    }
}

static void run(struct server* server) {
    struct net_event events[kEvents];
    for (;;) {
        const int count = net_wait(server->waiter, events, kEvents);
        if (count < 0) {
            fprintf(stderr, "http_server: waiting failed\n");
            exit(1);
        }
        for (int i = 0; i < count; ++i) {
            if (events[i].fd == server->listener) {
                accept_all(server);
                continue;
            }
            struct connection* const connection = server->connections[events[i].fd];
            if (connection != NULL &&
                (!serve(connection, events[i].ready) || !arm(server, connection))) {
                drop(server, connection);
            }
        }
    }
}

int main(int argc, char** argv) {
    const int port = argc > 1 ? atoi(argv[1]) : 8081;
    const int polls = argc > 2 && strcmp(argv[2], "poll") == 0;
    if (port < 1 || port > 65535 || argc > 3 ||
        (argc > 2 && !polls && strcmp(argv[2], "epoll") != 0)) {
        fprintf(stderr, "Usage: http_server [PORT [epoll|poll]]\n");
        return 2;
    }
    struct server* const server = calloc(1, sizeof *server);
    if (server == NULL) {
        return 1;
    }
    server->listener = net_listen((uint16_t)port, kNetAlone);
    server->waiter = net_waiter_create(polls ? kNetPoll : kNetEpoll);
    if (server->listener < 0 || net_waiter_set(server->waiter, server->listener, kNetRead) != 0) {
        fprintf(stderr, "http_server: cannot listen on port %d\n", port);
        return 1;
    }
    printf("http_server: listening on 0.0.0.0:%d\n", port);
    fflush(stdout);
    run(server);
}
