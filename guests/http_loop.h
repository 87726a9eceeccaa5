#pragma once

// The event loop of an HTTP/1.1 server, one for each of its threads, over net.h. What it answers is
// the application's.

#include <stddef.h>
#include <stdint.h>

#include "http_request.h"
#include "net.h"

/// A request that is being answered.
struct http_exchange;

struct http_answer {
    int status;
    const char* content_type;  // NULL: text/plain
    const char* body;          // NULL: all bytes are `x`
    size_t body_bytes;
};

/// Appends an answer; a HEAD gets the head alone. 0: out of memory.
int http_answer(struct http_exchange* exchange, const struct http_answer* answer);
/// The same for an answer made before, head and all, to a GET that keeps its connection.
int http_answer_raw(struct http_exchange* exchange, const char* bytes, size_t count);

struct http_application {
    /// Whether a request with a body is to be answered only when the body is there.
    int (*collects_body)(const struct http_request* request);
    /// Makes one answer with the functions above, and returns what they do.
    int (*answer)(struct http_exchange* exchange, const struct http_request* request,
                  const char* body, size_t body_bytes);
};

struct http_place {
    uint16_t port;
    enum net_sharing sharing;
    enum net_method method;
};

/// A listener and what it accepts; one thread at a time. It lives as long as the program.
struct http_server;
/// NULL, with a sentence on stderr: it cannot listen.
struct http_server* http_server_open(const struct http_application* application,
                                     const struct http_place* place);
/// Serves for ever; returns an exit code when it cannot.
int http_server_run(struct http_server* server);
/// Says on stdout that connections to `port` are accepted.
void http_server_announce(uint16_t port);

/// All of that for a program with one thread. `argv`: `[PORT [epoll|poll]]`, 8081 and epoll by
/// default. Returns an exit code when it cannot: 2 when the arguments are wrong.
int http_serve(int argc, char** argv, const struct http_application* application);
