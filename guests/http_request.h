#pragma once

// Requests of HTTP/1.1 (RFC 9112), read from bytes that arrive in any pieces. Pure: no I/O, no
// allocation.

#include <stddef.h>
#include <stdint.h>

enum { kMaxHeadBytes = 8192, kMaxBodyBytes = 1 << 20 };

enum http_method { kGet, kHead, kPost, kOtherMethod };

/// Points into the bytes it was read from.
struct http_request {
    enum http_method method;
    const char* path;  // the target, without a query
    size_t path_bytes;
    int keep_alive;  // whether another request may follow
    int chunked;
    uint64_t content_length;  // 0 without a body, or when it is chunked
    int expects_continue;
};

/// Reads a head. Bytes that it takes; 0: it is incomplete; fewer than 0: minus the status to answer
/// with (400, 413, 414, 431, 501, 505), after which nothing on the connection can be understood.
long http_read_head(const char* bytes, size_t count, struct http_request* request);

/// Where in a chunked body one is. Zero is its beginning.
struct http_chunks {
    int state;
    uint64_t left;  // of the chunk's data
    uint64_t trailer_bytes;
    uint64_t body_bytes;
};

/// What http_read_chunk() found.
struct http_piece {
    const char* data;  // of the body, among the bytes taken
    size_t data_bytes;
    int done;  // this was the end of the body
};

/// Reads one step of a chunked body: a piece of its data, or of what stands between. Bytes taken;
/// 0: more are needed; fewer than 0: minus the status to answer with.
long http_read_chunk(struct http_chunks* chunks, const char* bytes, size_t count,
                     struct http_piece* piece);
