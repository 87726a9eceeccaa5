#include "http_pages.h"

#include <string.h>

#include "http_request.h"

enum { kMaxAnswerBytes = 1 << 20 };

static int text(struct http_exchange* exchange, int status, const char* body, size_t bytes) {
    return http_answer(exchange, &(struct http_answer){status, NULL, body, bytes});
}

static int status(struct http_exchange* exchange, int status) {
    return text(exchange, status, "", 0);
}

// The commonest answer, made once.
static int answer_hello(struct http_exchange* exchange, const struct http_request* request) {
    static const char kHello[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
    return request->method == kGet && request->keep_alive
               ? http_answer_raw(exchange, kHello, sizeof kHello - 1)
               : text(exchange, 200, "Hello, World!", 13);
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

static int answer(struct http_exchange* exchange, const struct http_request* request,
                  const char* body, size_t body_bytes) {
    const int reads = request->method == kGet || request->method == kHead;
    const long count = bytes_asked(request);
    if (request->method == kOtherMethod) {
        return status(exchange, 501);
    }
    if (path_is(request, "/")) {
        return reads ? answer_hello(exchange, request) : status(exchange, 405);
    }
    if (count >= 0) {
        return reads ? text(exchange, 200, NULL, (size_t)count) : status(exchange, 405);
    }
    if (path_is(request, "/echo")) {
        return request->method == kPost ? text(exchange, 200, body, body_bytes)
                                        : status(exchange, 405);
    }
    return text(exchange, 404, "not found\n", 10);
}

static int collects_body(const struct http_request* request) {
    return request->method == kPost && path_is(request, "/echo");
}

const struct http_application kHttpPages = {collects_body, answer};
