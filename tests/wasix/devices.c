// The devices of a guest whose root directory holds no /dev, or, if the argument is "own", a
// regular file /dev/null with the text "own".

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void null(void) {
    struct stat status;
    char byte = 'x';
    CHECK(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(lstat("/dev/./null", &status) == 0 && S_ISCHR(status.st_mode));
    const int fd = open("/dev/null", O_RDWR);
    CHECK(fd >= 0);
    CHECK(fstat(fd, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(write(fd, "gone", 4) == 4);
    CHECK(read(fd, &byte, 1) == 0);
    CHECK(close(fd) == 0);
    const int output = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);  // as a shell does
    CHECK(output >= 0);
    CHECK(write(output, "gone", 4) == 4);
    CHECK_ERRNO(read(output, &byte, 1), EBADF);
    CHECK(close(output) == 0);
    CHECK_ERRNO(open("/dev/null", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
    CHECK_ERRNO(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(unlink("/dev/null"), ENOENT);
}

static void others(void) {
    char bytes[32];
    memset(bytes, 'x', sizeof bytes);
    const int zero = open("/dev/zero", O_RDONLY);
    CHECK(zero >= 0);
    CHECK(read(zero, bytes, sizeof bytes) == sizeof bytes);
    CHECK(bytes[0] == 0 && bytes[sizeof bytes - 1] == 0);
    CHECK(close(zero) == 0);
    const int random = open("/dev/urandom", O_RDONLY);
    CHECK(random >= 0);
    CHECK(read(random, bytes, sizeof bytes) == sizeof bytes);
    int zeros = 0;
    for (unsigned i = 0; i < sizeof bytes; ++i) {
        zeros += bytes[i] == 0;
    }
    CHECK(zeros < 16);
    CHECK(close(random) == 0);
    const int full = open("/dev/full", O_WRONLY);
    CHECK(full >= 0);
    CHECK_ERRNO(write(full, "x", 1), ENOSPC);
    CHECK(close(full) == 0);
    CHECK_ERRNO(open("/dev/mem", O_RDONLY), ENOENT);
    CHECK_ERRNO(open("/dev/kmsg", O_RDONLY), ENOENT);
}

/// The guest's own descriptors by name; none of them is a terminal.
static void descriptors(void) {
    const int output = open("/dev/stdout", O_WRONLY);
    CHECK(output >= 0);
    CHECK(write(output, "to stdout\n", 10) == 10);
    CHECK(close(output) == 0);
    const int errors = open("/dev/fd/2", O_WRONLY);
    CHECK(errors >= 0);
    CHECK(close(errors) == 0);
    CHECK_ERRNO(open("/dev/fd/77", O_WRONLY), EBADF);
    CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
}

int main(int argc, char** argv) {
    (void)argv;
    if (argc > 1) {
        char text[4] = {0};
        struct stat status;
        CHECK(stat("/dev/null", &status) == 0 && S_ISREG(status.st_mode));
        const int fd = open("/dev/null", O_RDONLY);
        CHECK(read(fd, text, sizeof text) == 3 && strcmp(text, "own") == 0);
        return 0;
    }
    null();
    others();
    descriptors();
    return 0;
}
