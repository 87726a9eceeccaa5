#pragma once

// The event loop of an HTTP/1.1 server on one thread, over net.h. What it answers is the
// application's.

#include <stddef.h>

#include "http_request.h"

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

/// Serves for ever. `argv`: `[PORT [epoll|poll]]`, 8081 and epoll by default. Returns an exit code
/// when it cannot: 2 when the arguments are wrong.
int http_serve(int argc, char** argv, const struct http_application* application);
