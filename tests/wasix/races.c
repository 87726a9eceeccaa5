// Works in /box/swap, which the test keeps exchanging with a link that leads out of the box.
// Whatever fails, fails; but nothing is ever read from outside. The test then sees whether anything
// out there has changed. Arguments: the box, and how often to try.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static int box;

/// What `name` says must be from inside.
static int read_inside(const char* name) {
    const int fd = openat(box, name, O_RDONLY);
    if (fd < 0) {
        return 0;
    }
    char text[16] = {0};
    CHECK(read(fd, text, sizeof text - 1) >= 0);
    CHECK(strcmp(text, "inside") == 0);
    CHECK(close(fd) == 0);
    return 1;
}

static void list_inside(void) {
    const int fd = openat(box, "swap", O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return;
    }
    struct stat status;
    CHECK(fstatat(fd, "secret", &status, 0) != 0);
    close(fd);
}

int main(int argc, char** argv) {
    CHECK(argc == 3);
    box = open(argv[1], O_RDONLY | O_DIRECTORY);
    CHECK(box >= 0);
    const int rounds = atoi(argv[2]);
    const int limit = 20 * rounds;
    int succeeded = 0;
    int tried = 0;
    // Some of it must work, and not all of it: that takes as long as the two happen not to meet.
    for (int round = 0; round < rounds || ((succeeded == 0 || succeeded == tried) && round < limit);
         ++round) {
        tried += 2;
        succeeded += read_inside("swap/file");
        list_inside();
        const int fd = openat(box, "swap/new", O_CREAT | O_WRONLY | O_TRUNC, 0666);
        if (fd >= 0) {
            CHECK(write(fd, "inside", 6) == 6);
            close(fd);
        }
        renameat(box, "swap/new", box, "swap/renamed");
        renameat(box, "kept", box, "swap/kept");
        renameat(box, "swap/kept", box, "kept");
        linkat(box, "kept", box, "swap/link", 0);
        symlinkat("kept", box, "swap/symlink");
        mkdirat(box, "swap/directory", 0777);
        struct stat status;
        if (fstatat(box, "swap/secret", &status, 0) == 0) {
            CHECK(!"saw the secret");
        }
        const struct timespec times[2] = {{1, 0}, {1, 0}};
        utimensat(box, "swap/file", times, 0);
        unlinkat(box, "swap/directory", AT_REMOVEDIR);
        unlinkat(box, "swap/symlink", 0);
        unlinkat(box, "swap/link", 0);
        unlinkat(box, "swap/renamed", 0);
        unlinkat(box, "swap/victim", 0);
        succeeded += read_inside("swap/file");
    }
    CHECK(succeeded > 0);
    CHECK(succeeded < tried);
    return 0;
}
