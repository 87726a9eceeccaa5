// One thread, any number of connections, requests as they come: see http_loop.h.
#include "http_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_request.h"
#include "net.h"

enum {
    kInputBytes = 16384,
    kOutputLimit = 65536,     // with more than that unsent, no further request is read
    kDiscardLimit = 1 << 20,  // what is read of a peer that will not be answered any more
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

struct http_exchange {
    const struct http_application* application;
    int fd;
    enum phase phase;
    int wanted;  // what the waiter was told
    int at_end;  // the peer sends no more
    size_t input_bytes;
    size_t discarded;
    struct http_request request;  // its path is valid only until the head is consumed
    int collects;                 // the body, for the application, which answers at its end
    struct bytes path;
    uint64_t body_left;
    struct http_chunks chunks;
    struct bytes body;
    struct bytes output;
    char input[kInputBytes];
};

struct http_server {
    const struct http_application* application;
    struct net_waiter* waiter;
    int listener;
    struct http_exchange* connections[kMaxConnections];  // by descriptor
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
    return status == 500 ? "Internal Server Error" : "Other";
}

int http_answer(struct http_exchange* connection, const struct http_answer* answer) {
    const struct http_request* const request = &connection->request;
    char head[256];
    const int head_bytes =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\nContent-Type: %.100s\r\nContent-Length: %zu\r\n%s%s\r\n",
                 answer->status, reason_of(answer->status),
                 answer->content_type == NULL ? "text/plain" : answer->content_type,
                 answer->body_bytes, answer->status == 405 ? "Allow: GET, HEAD, POST\r\n" : "",
                 request->keep_alive ? "" : "Connection: close\r\n");
    struct bytes* const output = &connection->output;
    if (!append(output, head, (size_t)head_bytes)) {
        return 0;
    }
    if (request->method == kHead) {
        return 1;
    }
    const size_t at = output->count;
    if (!append(output, answer->body, answer->body_bytes)) {
        return 0;
    }
    if (answer->body == NULL) {
        memset(output->data + at, 'x', answer->body_bytes);
    }
    return 1;
}

int http_answer_raw(struct http_exchange* connection, const char* bytes, size_t count) {
    return append(&connection->output, bytes, count);
}

// Answers what cannot be understood; the connection ends after that.
static int refuse(struct http_exchange* connection, int status) {
    connection->request.keep_alive = 0;
    connection->phase = kEnding;
    return http_answer(connection, &(struct http_answer){.status = status, .body = ""});
}

// The request has come to its end.
static int finish_request(struct http_exchange* connection) {
    int fine = 1;
    if (connection->collects) {
        connection->request.path = connection->path.data;
        fine = connection->application->answer(connection, &connection->request,
                                               connection->body.data, connection->body.count);
        connection->body.count = 0;
        connection->path.count = 0;
    }
    connection->phase = connection->request.keep_alive ? kHeads : kEnding;
    return fine;
}

static int begin_request(struct http_exchange* connection) {
    struct http_request* const request = &connection->request;
    const int has_body = request->chunked || request->content_length > 0;
    connection->collects = has_body && connection->application->collects_body(request);
    if (connection->collects ? !append(&connection->path, request->path, request->path_bytes)
                             : !connection->application->answer(connection, request, "", 0)) {
        return 0;
    }
    if (request->expects_continue && connection->collects) {
        static const char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
        // After an answer it would be a second one: then the body comes unasked, or not at all.
        if (!append(&connection->output, kContinue, sizeof kContinue - 1)) {
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
static long step(struct http_exchange* connection, const char* input, size_t count) {
    if (connection->phase == kHeads) {
        const long taken = count == 0 ? 0 : http_read_head(input, count, &connection->request);
        if (taken < 0) {
            return refuse(connection, (int)-taken) ? (long)count : -1;
        }
        return taken > 0 && !begin_request(connection) ? -1 : taken;
    }
    if (connection->phase == kBody) {
        const size_t taken = count < connection->body_left ? count : (size_t)connection->body_left;
        if (connection->collects && !append(&connection->body, input, taken)) {
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
    if ((connection->collects && !append(&connection->body, piece.data, piece.data_bytes)) ||
        (piece.done && !finish_request(connection))) {
        return -1;
    }
    return taken;
}

// Reads requests from the input until it needs more, or until enough is to be sent. 0: it failed.
static int process(struct http_exchange* connection) {
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
static int flush(struct http_exchange* connection) {
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

// Reads once; of a peer that will get no answer any more, only to forget it. 0: it failed.
static int receive(struct http_exchange* connection) {
    const int discards = connection->phase >= kEnding;  // then the input is empty
    const size_t room = kInputBytes - connection->input_bytes;
    if (room == 0) {
        return 1;  // there is enough to do
    }
    const long got = net_receive(connection->fd, connection->input + connection->input_bytes, room);
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
static int serve(struct http_exchange* connection, int ready) {
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

static void drop(struct http_server* server, struct http_exchange* connection) {
    net_waiter_remove(server->waiter, connection->fd);
    net_close(connection->fd);
    server->connections[connection->fd] = NULL;
    free(connection->path.data);
    free(connection->body.data);
    free(connection->output.data);
    free(connection);
}

// Tells the waiter what the connection waits for, when that has changed. 0: it failed.
static int arm(struct http_server* server, struct http_exchange* connection) {
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

static void accept_all(struct http_server* server) {
    for (;;) {
        const int fd = net_accept(server->listener);
        if (fd < 0) {
            return;  // none left, or one that has gone already
        }
        struct http_exchange* const connection =
            fd < kMaxConnections ? calloc(1, sizeof *connection) : NULL;
        if (connection == NULL) {
            net_close(fd);
            continue;
        }
        connection->fd = fd;
        connection->application = server->application;
        server->connections[fd] = connection;
        // Its request is often there already.
        if (!serve(connection, kNetRead) || !arm(server, connection)) {
            drop(server, connection);
        }
    }
}

int http_server_run(struct http_server* server) {
    struct net_event events[kEvents];
    for (;;) {
        const int count = net_wait(server->waiter, events, kEvents);
        if (count < 0) {
            fprintf(stderr, "http_server: waiting failed\n");
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            if (events[i].fd == server->listener) {
                accept_all(server);
                continue;
            }
            struct http_exchange* const connection = server->connections[events[i].fd];
            if (connection != NULL &&
                (!serve(connection, events[i].ready) || !arm(server, connection))) {
                drop(server, connection);
            }
        }
    }
}

struct http_server* http_server_open(const struct http_application* application,
                                     const struct http_place* place) {
    struct http_server* const server = calloc(1, sizeof *server);
    if (server == NULL) {
        return NULL;
    }
    server->application = application;
    server->listener = net_listen(place->port, place->sharing);
    server->waiter = net_waiter_create(place->method);
    if (server->listener < 0 || net_waiter_set(server->waiter, server->listener, kNetRead) != 0) {
        fprintf(stderr, "http_server: cannot listen on port %d\n", place->port);
        return NULL;
    }
    return server;
}

void http_server_announce(uint16_t port) {
    printf("http_server: listening on 0.0.0.0:%d\n", port);
    fflush(stdout);
}

int http_serve(int argc, char** argv, const struct http_application* application) {
    const int port = argc > 0 ? atoi(argv[0]) : 8081;
    const int polls = argc > 1 && strcmp(argv[1], "poll") == 0;
    if (port < 1 || port > 65535 || argc > 2 ||
        (argc > 1 && !polls && strcmp(argv[1], "epoll") != 0)) {
        return 2;
    }
    const struct http_place place = {(uint16_t)port, kNetAlone, polls ? kNetPoll : kNetEpoll};
    struct http_server* const server = http_server_open(application, &place);
    if (server == NULL) {
        return 1;
    }
    http_server_announce(place.port);
    return http_server_run(server);
}
