#include "http_request.h"

#include <string.h>

static int is_token(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

struct text {
    const char* start;
    size_t bytes;
};

static int equals(struct text text, const char* word) {
    const size_t bytes = strlen(word);
    if (text.bytes != bytes) {
        return 0;
    }
    for (size_t i = 0; i < bytes; ++i) {
        if (lower(text.start[i]) != word[i]) {
            return 0;
        }
    }
    return 1;
}

// Whether `word` is an element of a list separated by commas.
static int has_element(struct text list, const char* word) {
    size_t at = 0;
    while (at < list.bytes) {
        const char* const comma = memchr(list.start + at, ',', list.bytes - at);
        size_t end = comma == NULL ? list.bytes : (size_t)(comma - list.start);
        const size_t next = end + 1;
        while (at < end && is_blank(list.start[at])) {
            ++at;
        }
        while (end > at && is_blank(list.start[end - 1])) {
            --end;
        }
        if (equals((struct text){list.start + at, end - at}, word)) {
            return 1;
        }
        at = next;
    }
    return 0;
}

// What only the whole head can tell.
struct head {
    int has_host;
    int has_length;
    int has_encoding;
    int minor_version;
    int closes;
    int keeps;
};

static int read_method(struct text word) {
    static const struct {
        const char* name;
        enum http_method method;
    } kMethods[] = {{"GET", kGet}, {"HEAD", kHead}, {"POST", kPost}};
    for (size_t i = 0; i < sizeof kMethods / sizeof *kMethods; ++i) {
        if (word.bytes == strlen(kMethods[i].name) &&
            memcmp(word.start, kMethods[i].name, word.bytes) == 0) {
            return kMethods[i].method;
        }
    }
    return kOtherMethod;
}

// `GET /path?query HTTP/1.1`. 0, or the status.
static int read_request_line(struct text line, struct http_request* request, struct head* head) {
    size_t at = 0;
    while (at < line.bytes && is_token(line.start[at])) {
        ++at;
    }
    const struct text method = {line.start, at};
    if (at == 0 || at == line.bytes || line.start[at] != ' ') {
        return 400;
    }
    const size_t target = ++at;
    while (at < line.bytes && line.start[at] > ' ' && line.start[at] < 127) {
        ++at;
    }
    const size_t target_end = at;
    if (target == target_end || at == line.bytes || line.start[at] != ' ') {
        return 400;
    }
    const struct text version = {line.start + at + 1, line.bytes - at - 1};
    if (version.bytes != 8 || memcmp(version.start, "HTTP/", 5) != 0 || version.start[6] != '.' ||
        version.start[5] < '0' || version.start[5] > '9' || version.start[7] < '0' ||
        version.start[7] > '9') {
        return 400;
    }
    if (version.start[5] != '1') {
        return 505;
    }
    head->minor_version = version.start[7] - '0';
    request->method = (enum http_method)read_method(method);
    request->path = line.start + target;
    request->path_bytes = target_end - target;
    const char* const query = memchr(request->path, '?', request->path_bytes);
    if (query != NULL) {
        request->path_bytes = (size_t)(query - request->path);
    }
    return 0;
}

static int read_length(struct text value, struct http_request* request, struct head* head) {
    uint64_t length = 0;
    if (value.bytes == 0) {
        return 400;
    }
    for (size_t i = 0; i < value.bytes; ++i) {
        if (value.start[i] < '0' || value.start[i] > '9') {
            return 400;
        }
        if (length > kMaxBodyBytes) {
            continue;  // more digits make it no smaller
        }
        length = length * 10 + (uint64_t)(value.start[i] - '0');
    }
    if (head->has_length && length != request->content_length) {
        return 400;
    }
    head->has_length = 1;
    request->content_length = length;
    return 0;
}

// `Name: value`. 0, or the status.
static int read_field(struct text line, struct http_request* request, struct head* head) {
    size_t name_bytes = 0;
    while (name_bytes < line.bytes && is_token(line.start[name_bytes])) {
        ++name_bytes;
    }
    // Also what begins with a blank: a continued line, which RFC 9112 5.2 lets a server refuse.
    if (name_bytes == 0 || name_bytes == line.bytes || line.start[name_bytes] != ':') {
        return 400;
    }
    const struct text name = {line.start, name_bytes};
    struct text value = {line.start + name_bytes + 1, line.bytes - name_bytes - 1};
    while (value.bytes > 0 && is_blank(value.start[0])) {
        ++value.start;
        --value.bytes;
    }
    while (value.bytes > 0 && is_blank(value.start[value.bytes - 1])) {
        --value.bytes;
    }
    for (size_t i = 0; i < value.bytes; ++i) {
        if ((unsigned char)value.start[i] < ' ' && value.start[i] != '\t') {
            return 400;
        }
    }
    if (equals(name, "host")) {
        if (head->has_host) {
            return 400;
        }
        head->has_host = 1;
    } else if (equals(name, "content-length")) {
        return read_length(value, request, head);
    } else if (equals(name, "transfer-encoding")) {
        if (head->has_encoding || !equals(value, "chunked")) {
            return 501;
        }
        head->has_encoding = 1;
    } else if (equals(name, "connection")) {
        head->closes = head->closes || has_element(value, "close");
        head->keeps = head->keeps || has_element(value, "keep-alive");
    } else if (equals(name, "expect")) {
        request->expects_continue = equals(value, "100-continue");
    }
    return 0;
}

static int conclude(struct http_request* request, const struct head* head) {
    // A length beside an encoding is how requests are smuggled: RFC 9112 6.1.
    if ((head->minor_version > 0 && !head->has_host) || (head->has_length && head->has_encoding)) {
        return 400;
    }
    if (request->content_length > kMaxBodyBytes) {
        return 413;
    }
    request->chunked = head->has_encoding;
    request->keep_alive = !head->closes && (head->minor_version > 0 || head->keeps);
    return 0;
}

long http_read_head(const char* bytes, size_t count, struct http_request* request) {
    size_t at = 0;
    // RFC 9112 2.2: an empty line before a request is to be ignored.
    while (count - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n') {
        at += 2;
    }
    struct head head = {0};
    memset(request, 0, sizeof *request);
    for (int line_number = 0;; ++line_number) {
        const char* const end = memchr(bytes + at, '\n', count - at);
        const size_t line_end = end == NULL ? count : (size_t)(end - bytes);
        if (line_end >= kMaxHeadBytes) {
            return line_number == 0 ? -414 : -431;
        }
        if (end == NULL) {
            return 0;
        }
        if (line_end == at || bytes[line_end - 1] != '\r') {
            return -400;
        }
        const struct text line = {bytes + at, line_end - 1 - at};
        at = line_end + 1;
        int status = 0;
        if (line_number == 0) {
            status = read_request_line(line, request, &head);
        } else if (line.bytes > 0) {
            status = read_field(line, request, &head);
        } else {
            status = conclude(request, &head);
            return status == 0 ? (long)at : -status;
        }
        if (status != 0) {
            return -status;
        }
    }
}

enum { kSizeLine, kData, kDataEnd, kTrailer };
enum { kMaxChunkLine = 256 };

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char letter = lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// `1a;extension`. 0, or the status.
static int read_size(struct text line, struct http_chunks* chunks) {
    uint64_t size = 0;
    size_t at = 0;
    for (; at < line.bytes && digit(line.start[at]) >= 0; ++at) {
        size = size * 16 + (uint64_t)digit(line.start[at]);
        if (size > kMaxBodyBytes) {
            return 413;
        }
    }
    if (at == 0 || (at < line.bytes && line.start[at] != ';' && !is_blank(line.start[at]))) {
        return 400;
    }
    chunks->body_bytes += size;
    chunks->left = size;
    chunks->state = size == 0 ? kTrailer : kData;
    return chunks->body_bytes > kMaxBodyBytes ? 413 : 0;
}

long http_read_chunk(struct http_chunks* chunks, const char* bytes, size_t count,
                     struct http_piece* piece) {
    memset(piece, 0, sizeof *piece);
    if (chunks->state == kData) {
        piece->data = bytes;
        piece->data_bytes = count < chunks->left ? count : (size_t)chunks->left;
        chunks->left -= piece->data_bytes;
        chunks->state = chunks->left == 0 ? kDataEnd : kData;
        return (long)piece->data_bytes;
    }
    const char* const end = memchr(bytes, '\n', count);
    const size_t line_bytes = end == NULL ? count : (size_t)(end - bytes);
    if (line_bytes > kMaxChunkLine) {
        return -400;
    }
    if (end == NULL) {
        return 0;
    }
    if (line_bytes == 0 || bytes[line_bytes - 1] != '\r') {
        return -400;
    }
    const struct text line = {bytes, line_bytes - 1};
    int status = 0;
    if (chunks->state == kSizeLine) {
        status = read_size(line, chunks);
    } else if (chunks->state == kDataEnd) {
        status = line.bytes == 0 ? 0 : 400;
        chunks->state = kSizeLine;
    } else {
        // Fields after the body are skipped, but not without end.
        chunks->trailer_bytes += line.bytes;
        status = chunks->trailer_bytes > kMaxHeadBytes ? 431 : 0;
        piece->done = line.bytes == 0;
    }
    return status == 0 ? (long)line_bytes + 1 : -status;
}
