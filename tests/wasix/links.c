// Links that lead from one directory of the guest to another, and paths that climb from one to the
// other: /d is empty, /e holds a file `kept` with the text "kept" and a directory `inner`, and
// cannot be changed.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void check_text(const char* path, const char* expected) {
    char text[64] = {0};
    const int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    CHECK(read(fd, text, sizeof text - 1) == (ssize_t)strlen(expected));
    CHECK(strcmp(text, expected) == 0);
    CHECK(close(fd) == 0);
}

static void own_directory(void) {
    struct stat status;
    const int fd = open("/d/file", O_CREAT | O_WRONLY, 0666);
    CHECK(fd >= 0 && write(fd, "own", 3) == 3 && close(fd) == 0);
    CHECK(symlink("/d/file", "/d/absolute") == 0);
    check_text("/d/absolute", "own");
    CHECK(stat("/d/absolute", &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 3);
    CHECK(lstat("/d/absolute", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK_ERRNO(open("/d/absolute", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK(mkdir("/d/sub", 0777) == 0);
    CHECK(symlink("/d/sub", "/d/way") == 0);
    CHECK(mkdir("/d/way/below", 0777) == 0);
    CHECK(stat("/d/sub/below", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(rename("/d/way/below", "/d/way/under") == 0);
    CHECK(rmdir("/d/sub/under") == 0);
    CHECK(symlink("/d/made", "/d/dangling") == 0);
    CHECK_ERRNO(open("/d/dangling", O_RDONLY), ENOENT);
    const int made = open("/d/dangling", O_CREAT | O_WRONLY, 0666);
    CHECK(made >= 0 && close(made) == 0);
    CHECK(stat("/d/made", &status) == 0 && S_ISREG(status.st_mode));
    const struct timespec times[2] = {{1, 0}, {2, 0}};
    CHECK(utimensat(AT_FDCWD, "/d/dangling", times, 0) == 0);
    CHECK(stat("/d/made", &status) == 0 && status.st_mtim.tv_sec == 2);
}

static void other_directory(void) {
    char target[16] = {0};
    CHECK(symlink("/e/kept", "/d/other") == 0);
    check_text("/d/other", "kept");
    CHECK_ERRNO(open("/d/other", O_WRONLY), EROFS);
    CHECK_ERRNO(open("/d/other", O_RDONLY | O_TRUNC), EROFS);
    CHECK(readlink("/d/other", target, sizeof target) == 7);
    CHECK(symlink("../e/inner", "/d/relative") == 0);
    struct stat status;
    CHECK(stat("/d/relative", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK_ERRNO(mkdir("/d/relative/new", 0777), EROFS);
    check_text("/d/sub/../../e/kept", "kept");
    check_text("/d/relative/../kept", "kept");
    CHECK_ERRNO(link("/d/relative/../kept", "/d/stolen"), EROFS);
}

static void nowhere(void) {
    CHECK(symlink("/d/b", "/d/a") == 0 && symlink("/d/a", "/d/b") == 0);
    CHECK_ERRNO(open("/d/a", O_RDONLY), ELOOP);
    CHECK(symlink("/proc/self/environ", "/d/host") == 0);
    CHECK_ERRNO(open("/d/host", O_RDONLY), EPERM);
    CHECK(symlink("../../../../../etc/passwd", "/d/up") == 0);
    CHECK_ERRNO(open("/d/up", O_RDONLY), EPERM);
    CHECK_ERRNO(open("/d/../etc/passwd", O_RDONLY), EPERM);
}

int main(void) {
    own_directory();
    other_directory();
    nowhere();
    return 0;
}
