// Everything that would change a directory given with :ro fails; reading works. It holds a file
// `kept` and a directory `inner`; /box is writable.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

#include "check.h"

/// Rights to change the file do not open it for writing: Go's os.Open asks for them. Descriptor 3
/// is /ro.
static void with_more_rights(void) {
    const __wasi_rights_t rights = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK |
                                   __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE;
    __wasi_fd_t fd = 0;
    CHECK(__wasi_path_open(3, 0, "kept", 0, rights, rights, 0, &fd) == 0);
    char text[8];
    CHECK(read((int)fd, text, sizeof text) > 0);
    CHECK(ftruncate((int)fd, 0) < 0);
    CHECK(__wasi_path_open(3, 0, "kept", 0, rights | __WASI_RIGHTS_FD_WRITE, 0, 0, &fd) ==
          __WASI_ERRNO_ROFS);
}

int main(void) {
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    const int fd = open("/ro/kept", O_RDONLY);
    char text[8] = {0};
    CHECK(fd >= 0);
    CHECK(read(fd, text, sizeof text) > 0);
    CHECK(futimens(fd, times) < 0);
    CHECK_ERRNO(open("/ro/kept", O_WRONLY), EROFS);
    CHECK_ERRNO(open("/ro/kept", O_RDWR), EROFS);
    CHECK_ERRNO(open("/ro/kept", O_RDONLY | O_TRUNC), EROFS);
    CHECK_ERRNO(open("/ro/new", O_CREAT | O_RDWR, 0666), EROFS);
    CHECK_ERRNO(open("/ro/new", O_CREAT | O_RDONLY, 0666), EROFS);
    CHECK(open("/ro/kept", O_CREAT | O_RDONLY, 0666) >= 0);
    CHECK_ERRNO(mkdir("/ro/new", 0777), EROFS);
    CHECK_ERRNO(unlink("/ro/kept"), EROFS);
    CHECK_ERRNO(rmdir("/ro/inner"), EROFS);
    CHECK_ERRNO(rename("/ro/kept", "/box/kept2"), EROFS);
    CHECK_ERRNO(rename("/box/kept", "/ro/kept2"), EROFS);
    CHECK_ERRNO(link("/ro/kept", "/box/alias"), EROFS);
    CHECK_ERRNO(symlink("kept", "/ro/alias"), EROFS);
    CHECK_ERRNO(utimensat(AT_FDCWD, "/ro/kept", times, 0), EROFS);
    with_more_rights();
    const int inner = open("/ro/inner", O_RDONLY | O_DIRECTORY);
    CHECK(inner >= 0);
    CHECK_ERRNO(openat(inner, "new", O_CREAT | O_WRONLY, 0666), EROFS);
    CHECK_ERRNO(open("/ro/kept", O_WRONLY | O_APPEND), EROFS);
    CHECK_ERRNO(open("/ro/inner/../kept", O_WRONLY), EROFS);
    CHECK_ERRNO(open("/ro/inner/here", O_WRONLY), EROFS);  // through a link
    CHECK_ERRNO(truncate("/ro/kept", 0), EROFS);
    CHECK(ftruncate(fd, 0) < 0);
    CHECK(posix_fallocate(fd, 0, 100) != 0);
    CHECK(write(fd, "x", 1) < 0);
    CHECK(pwrite(fd, "x", 1, 0) < 0);
    CHECK_ERRNO(rename("/ro/kept", "/ro/kept2"), EROFS);
    CHECK_ERRNO(link("/ro/kept", "/ro/alias"), EROFS);
    CHECK_ERRNO(link("/box/kept", "/ro/alias"), EROFS);
    CHECK_ERRNO(unlinkat(inner, "here", 0), EROFS);
    CHECK_ERRNO(symlinkat("kept", inner, "alias"), EROFS);
    CHECK(futimens(inner, times) < 0);
    CHECK(fsync(fd) == 0);
    // No copy of a descriptor can do more.
    const int again = open("/ro/inner/../kept", O_RDONLY);
    CHECK(again >= 0 && write(again, "x", 1) < 0);
    // Nor is there a way from a directory that may be changed.
    CHECK(symlink("/ro/kept", "/box/to_ro") == 0);
    CHECK(open("/box/to_ro", O_WRONLY) < 0);
    CHECK(unlink("/box/to_ro") == 0);
    CHECK_ERRNO(mkdirat(inner, "new", 0777), EROFS);
    return 0;
}
