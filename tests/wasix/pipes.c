// Pipes and duplicated descriptors, as shells and servers use them.

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../../guests/wasix.h"
#include "check.h"

struct ends {
    uint32_t read;
    uint32_t write;
};

static struct ends make_pipe(void) {
    struct ends ends;
    CHECK(wasix_fd_pipe(WASIX_PTR(&ends.read), WASIX_PTR(&ends.write)) == 0);
    CHECK(ends.read != ends.write);
    return ends;
}

static void close_both(struct ends ends) {
    CHECK(close((int)ends.read) == 0 && close((int)ends.write) == 0);
}

static void one_way(void) {
    const struct ends ends = make_pipe();
    char text[8] = {0};
    CHECK(write((int)ends.write, "hello", 5) == 5);
    CHECK(read((int)ends.read, text, 5) == 5 && memcmp(text, "hello", 5) == 0);
    CHECK_ERRNO(write((int)ends.read, "x", 1), EBADF);
    CHECK_ERRNO(read((int)ends.write, text, 1), EBADF);
    CHECK_ERRNO(lseek((int)ends.read, 0, SEEK_CUR), ESPIPE);
    CHECK_ERRNO(fsync((int)ends.write), EINVAL);
    CHECK_ERRNO(ftruncate((int)ends.write, 0), EINVAL);
    close_both(ends);
}

/// What was written stays readable; then it is the end.
static void at_the_end(void) {
    const struct ends ends = make_pipe();
    char text[8] = {0};
    CHECK(write((int)ends.write, "rest", 4) == 4);
    CHECK(close((int)ends.write) == 0);
    CHECK(read((int)ends.read, text, sizeof text) == 4 && memcmp(text, "rest", 4) == 0);
    CHECK(read((int)ends.read, text, sizeof text) == 0);
    CHECK(close((int)ends.read) == 0);
}

static void nonblocking(void) {
    const struct ends ends = make_pipe();
    static char block[4096];
    CHECK(fcntl((int)ends.read, F_SETFL, O_NONBLOCK) == 0);
    CHECK_ERRNO(read((int)ends.read, block, 1), EAGAIN);
    CHECK(fcntl((int)ends.write, F_SETFL, fcntl((int)ends.write, F_GETFL) | O_NONBLOCK) == 0);
    CHECK((fcntl((int)ends.write, F_GETFL) & O_NONBLOCK) != 0);
    long written = 0;
    ssize_t count = 0;
    while ((count = write((int)ends.write, block, sizeof block)) > 0) {
        CHECK(count == sizeof block);  // all or nothing
        written += count;
    }
    CHECK(count == -1 && errno == EAGAIN);
    CHECK(written >= 4096 && written <= 1 << 20);
    CHECK(read((int)ends.read, block, sizeof block) == sizeof block);
    CHECK(write((int)ends.write, block, sizeof block) == sizeof block);
    close_both(ends);
}

static uint32_t duplicate(uint32_t fd) {
    uint32_t copy = 0;
    CHECK(wasix_fd_dup(fd, WASIX_PTR(&copy)) == 0);
    return copy;
}

/// fd_renumber is dup2 for programs that know WASIX. wasix: 2.6
static void redirected(void) {
    const struct ends ends = make_pipe();
    const uint32_t saved = duplicate(1);
    char text[8] = {0};
    CHECK(__wasi_fd_renumber(ends.write, 1) == 0);
    CHECK(write((int)ends.write, "a", 1) == 1);  // stays open
    CHECK(write(1, "piped", 5) == 5);
    CHECK(__wasi_fd_renumber(saved, 1) == 0);
    CHECK(__wasi_fd_renumber(saved, saved) == 0);
    CHECK(__wasi_fd_renumber(9999, 1) == __WASI_ERRNO_BADF);
    CHECK(__wasi_fd_renumber(saved, (uint32_t)-1) == __WASI_ERRNO_BADF);
    CHECK(close((int)ends.write) == 0);
    CHECK(read((int)ends.read, text, sizeof text) == 6 && memcmp(text, "apiped", 6) == 0);
    CHECK(read((int)ends.read, text, sizeof text) == 0);  // no copy is left
    const uint32_t unused = saved + 50;
    CHECK(__wasi_fd_renumber(saved, unused) == 0);  // a number that is not open
    CHECK(close((int)unused) == 0 && close((int)saved) == 0 && close((int)ends.read) == 0);
}

static void duplicates(void) {
    const struct ends ends = make_pipe();
    const uint32_t copy = duplicate(ends.write);
    uint32_t high = 0;
    uint32_t flags = 0;
    char byte;
    CHECK(wasix_fd_dup2(ends.write, 100, 1, WASIX_PTR(&high)) == 0 && high >= 100);
    CHECK(wasix_fd_fdflags_get(high, WASIX_PTR(&flags)) == 0 && (flags & 1) == 1);
    CHECK(wasix_fd_fdflags_set(high, 0) == 0);
    CHECK(wasix_fd_fdflags_get(high, WASIX_PTR(&flags)) == 0 && (flags & 1) == 0);
    CHECK(wasix_fd_dup2(ends.write, 65536, 0, WASIX_PTR(&high)) == __WASI_ERRNO_INVAL);
    CHECK(wasix_fd_dup(9999, WASIX_PTR(&flags)) == __WASI_ERRNO_BADF);
    CHECK(close((int)ends.write) == 0 && close((int)copy) == 0);
    CHECK(write(100, "x", 1) == 1 && close(100) == 0);
    CHECK(read((int)ends.read, &byte, 1) == 1 && read((int)ends.read, &byte, 1) == 0);
    CHECK(close((int)ends.read) == 0);
}

/// Older libcs made socket pairs of pipes.
static void as_sockets(void) {
    const struct ends ends = make_pipe();
    char text[8] = {0};
    const struct wasix_buffer out = {WASIX_PTR("ping"), 4};
    const struct wasix_buffer in = {WASIX_PTR(text), sizeof text};
    __wasi_size_t count = 0;
    uint16_t flags = 7;
    CHECK(__wasi_sock_send(ends.write, (const __wasi_ciovec_t*)&out, 1, 0, &count) == 0);
    CHECK(count == 4);
    CHECK(__wasi_sock_recv(ends.read, (const __wasi_iovec_t*)&in, 1, 0, &count, &flags) == 0);
    CHECK(count == 4 && flags == 0 && memcmp(text, "ping", 4) == 0);
    CHECK(__wasi_sock_recv(ends.write, (const __wasi_iovec_t*)&in, 1, 0, &count, &flags) ==
          __WASI_ERRNO_BADF);
    close_both(ends);
}

int main(void) {
    one_way();
    at_the_end();
    nonblocking();
    redirected();
    duplicates();
    as_sockets();
    return 0;
}
