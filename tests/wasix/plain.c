// What plain WASI says of calls that WASIX's libc needs to do other things. This program imports
// nothing of WASIX's. Its only directory is its root: descriptor 3.

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

#include "check.h"

enum { kRoot = 3 };

static __wasi_fd_t open_in(__wasi_fd_t directory, const char* path, __wasi_oflags_t flags) {
    __wasi_fd_t fd = 0;
    CHECK(__wasi_path_open(directory, 0, path, flags, ~(uint64_t)__WASI_RIGHTS_FD_WRITE,
                           ~(uint64_t)0, 0, &fd) == 0);
    return fd;
}

static void renumbering(void) {
    const __wasi_fd_t first = open_in(kRoot, "first", __WASI_OFLAGS_CREAT);
    const __wasi_fd_t second = open_in(kRoot, "second", __WASI_OFLAGS_CREAT);
    __wasi_filestat_t before;
    __wasi_filestat_t after;
    CHECK(__wasi_fd_filestat_get(first, &before) == 0);
    CHECK(__wasi_fd_renumber(first, second) == 0);
    CHECK(__wasi_fd_filestat_get(second, &after) == 0 && before.ino == after.ino);
    CHECK(__wasi_fd_close(first) == __WASI_ERRNO_BADF);             // it has moved
    CHECK(__wasi_fd_renumber(second, first) == __WASI_ERRNO_BADF);  // to a number that is not open
    CHECK(__wasi_fd_renumber(second, second) == 0);
    CHECK(__wasi_fd_close(second) == 0);
    CHECK(unlink("/first") == 0 && unlink("/second") == 0);
}

static void names(void) {
    __wasi_prestat_t status;
    uint8_t name[2] = {'x', 'x'};
    CHECK(__wasi_fd_prestat_get(kRoot, &status) == 0 && status.u.dir.pr_name_len == 1);
    CHECK(__wasi_fd_prestat_dir_name(kRoot, name, 0) == __WASI_ERRNO_NAMETOOLONG);
    CHECK(__wasi_fd_prestat_dir_name(kRoot, name, 2) == 0 && name[0] == '/' && name[1] == 'x');
    CHECK(__wasi_fd_prestat_get(kRoot + 1, &status) == __WASI_ERRNO_BADF);
}

/// Below a directory that is no preopen nothing leads up, and absolute paths lead nowhere.
static void paths(void) {
    CHECK(__wasi_path_create_directory(kRoot, "dir") == 0);
    const __wasi_fd_t directory = open_in(kRoot, "dir", __WASI_OFLAGS_DIRECTORY);
    __wasi_fd_t fd = 0;
    CHECK(__wasi_path_open(directory, 0, "/dir", 0, 0, 0, 0, &fd) == __WASI_ERRNO_PERM);
    CHECK(__wasi_path_open(directory, 0, "../dir", 0, 0, 0, 0, &fd) == __WASI_ERRNO_PERM);
    __wasi_filesize_t position = 0;
    CHECK(__wasi_fd_seek(directory, 0, __WASI_WHENCE_CUR, &position) == __WASI_ERRNO_NOTCAPABLE);
    CHECK_ERRNO(lseek((int)directory, 0, SEEK_CUR), ESPIPE);  // as libc translates it
    CHECK(__wasi_fd_renumber(directory, kRoot) == 0);
    CHECK(__wasi_fd_prestat_get(kRoot, &(__wasi_prestat_t){0}) == __WASI_ERRNO_BADF);
}

/// Times that are left alone, and the present; libc at hand refuses UTIME_OMIT and UTIME_NOW.
static void times(void) {
    const uint64_t second = 1000000000;
    const __wasi_fd_t fd = open_in(kRoot, "times", __WASI_OFLAGS_CREAT);
    __wasi_filestat_t status;
    CHECK(__wasi_path_filestat_set_times(kRoot, 0, "times", 5 * second + 6, 7 * second,
                                         __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM) == 0);
    CHECK(__wasi_fd_filestat_get(fd, &status) == 0);
    CHECK(status.atim == 5 * second + 6 && status.mtim == 7 * second);
    CHECK(__wasi_fd_filestat_set_times(fd, 0, 8 * second, __WASI_FSTFLAGS_MTIM) == 0);
    CHECK(__wasi_fd_filestat_get(fd, &status) == 0);
    CHECK(status.atim == 5 * second + 6 && status.mtim == 8 * second);
    CHECK(__wasi_path_filestat_set_times(kRoot, 0, "times", 0, 0, __WASI_FSTFLAGS_MTIM_NOW) == 0);
    CHECK(__wasi_fd_filestat_get(fd, &status) == 0);
    CHECK(status.atim == 5 * second + 6 && status.mtim > 1000000000 * second);
    CHECK(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW) ==
          __WASI_ERRNO_INVAL);
    CHECK(__wasi_path_filestat_set_times(kRoot, 0, "times", 0, 0,
                                         __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW) ==
          __WASI_ERRNO_INVAL);
    CHECK(__wasi_fd_close(fd) == 0 && unlink("/times") == 0);
}

/// The directory is the program's to close.
static void closing(void) {
    CHECK(__wasi_fd_close(kRoot) == 0);
    __wasi_fdstat_t status;
    CHECK(__wasi_fd_fdstat_get(kRoot, &status) == __WASI_ERRNO_BADF);
    CHECK(__wasi_fd_close(kRoot) == __WASI_ERRNO_BADF);
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "close") == 0) {
        closing();
        return 0;
    }
    renumbering();
    names();
    times();
    paths();
    return 0;
}
