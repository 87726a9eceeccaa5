#pragma once

// Programs here are built for Linux and as guests, and print what their calls answer: both must
// print the same. Errors are printed by name, because the numbers differ.

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char* error_name(int error) {
    static const struct {
        int number;
        const char* name;
    } names[] = {{0, "ok"},
                 {EACCES, "EACCES"},
                 {EAGAIN, "EAGAIN"},
                 {EBADF, "EBADF"},
                 {ECONNREFUSED, "ECONNREFUSED"},
                 {ECONNRESET, "ECONNRESET"},
                 {EDESTADDRREQ, "EDESTADDRREQ"},
                 {EEXIST, "EEXIST"},
                 {EFBIG, "EFBIG"},
                 {EINPROGRESS, "EINPROGRESS"},
                 {EINVAL, "EINVAL"},
                 {EISCONN, "EISCONN"},
                 {EISDIR, "EISDIR"},
                 {ELOOP, "ELOOP"},
                 {EMFILE, "EMFILE"},
                 {EMSGSIZE, "EMSGSIZE"},
                 {ENAMETOOLONG, "ENAMETOOLONG"},
                 {ENOENT, "ENOENT"},
                 {ENOTCONN, "ENOTCONN"},
                 {ENOTDIR, "ENOTDIR"},
                 {ENOTEMPTY, "ENOTEMPTY"},
                 {ENOTSOCK, "ENOTSOCK"},
                 {EADDRINUSE, "EADDRINUSE"},
                 {EFAULT, "EFAULT"},
                 {ENOSPC, "ENOSPC"},
                 {ENXIO, "ENXIO"},
                 {EOVERFLOW, "EOVERFLOW"},
                 {EPERM, "EPERM"},
                 {EPIPE, "EPIPE"},
                 {ESPIPE, "ESPIPE"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        if (names[i].number == error) {
            return names[i].name;
        }
    }
    return strerror(error);
}

__attribute__((unused)) static void report_at(int line, const char* what, long long result,
                                              int error) {
    printf("%d: %s: %lld %s\n", line, what, result, result < 0 ? error_name(error) : "ok");
}

/// Prints the call, what it gave, and its error if that is negative.
#define REPORT(call)                                 \
    do {                                             \
        errno = 0;                                   \
        const long long result_ = (long long)(call); \
        report_at(__LINE__, #call, result_, errno);  \
    } while (0)
/// Prints a value of an expression that is no call.
#define SHOW(value) printf("%d: %s = %lld\n", __LINE__, #value, (long long)(value))
