// Tries to get out of /box, its only directory, and must not. The test has prepared there:
//   secret-file    -> OUTSIDE/secret       (absolute)
//   secret-dir     -> OUTSIDE              (absolute)
//   up             -> ..
//   inner/up       -> ../..                (out of the box)
//   inner/here     -> ../kept              (stays inside)
//   proc           -> /proc/self
// OUTSIDE, the second argument, is a host directory with a file `secret` beside the box, which is
// the first argument's directory.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static int box;

static void no_open(const char* path) {
    const int fd = openat(box, path, O_RDONLY);
    if (fd >= 0) {
        fprintf(stderr, "opened %s\n", path);
        exit(1);
    }
    CHECK(openat(box, path, O_RDONLY | O_DIRECTORY) < 0);
    CHECK(openat(box, path, O_CREAT | O_WRONLY, 0666) < 0);
}

static void no_change(const char* path) {
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    struct stat status;
    CHECK(fstatat(box, path, &status, 0) < 0);
    CHECK(utimensat(box, path, times, 0) < 0);
    CHECK(mkdirat(box, path, 0777) < 0);
    CHECK(unlinkat(box, path, AT_REMOVEDIR) < 0);
    CHECK(renameat(box, "kept", box, path) < 0);
    CHECK(renameat(box, path, box, "stolen") < 0);
    CHECK(linkat(box, path, box, "stolen", 0) < 0);
    CHECK(linkat(box, "kept", box, path, 0) < 0);
    CHECK(symlinkat("kept", box, path) < 0);
}

int main(int argc, char** argv) {
    CHECK(argc == 2);
    char path[600];
    box = open(argv[1], O_RDONLY | O_DIRECTORY);
    CHECK(box >= 0);
    no_open("secret-file");
    no_open("secret-dir");
    no_open("secret-dir/secret");
    no_open("secret-dir/new");
    no_open("up/outside/secret");
    no_open("inner/up");
    no_open("inner/up/outside/secret");
    no_open("proc/root/etc/passwd");
    no_open("proc/cwd");
    no_open("..");
    no_open("../outside/secret");
    no_open("inner/../../outside/secret");
    no_open("./inner/./../..//outside/secret");
    no_open("/etc/passwd");
    no_open("../../../../../../../../etc/passwd");
    no_change("../outside/secret");
    no_change("secret-dir/secret");
    no_change("inner/up/outside/secret");
    no_change("/etc/hostname");
    no_change("..");
    no_change("inner/up/new");

    // A link made by ourselves is no better.
    CHECK(symlinkat("../outside/secret", box, "mine") == 0);
    no_open("mine");
    CHECK(unlinkat(box, "mine", 0) == 0);
    // Nor is a directory moved from under its descriptor.
    CHECK(mkdirat(box, "deep", 0777) == 0 && mkdirat(box, "deep/er", 0777) == 0);
    const int deeper = openat(box, "deep/er", O_RDONLY | O_DIRECTORY);
    CHECK(deeper >= 0);
    CHECK(renameat(box, "deep/er", box, "moved") == 0);
    CHECK(openat(deeper, "../../outside/secret", O_RDONLY) < 0);
    CHECK(openat(deeper, "..", O_RDONLY) < 0);
    CHECK(unlinkat(box, "moved", AT_REMOVEDIR) == 0 && unlinkat(box, "deep", AT_REMOVEDIR) == 0);
    // What stays inside works.
    CHECK(openat(box, "inner/here", O_RDONLY) >= 0);
    CHECK(openat(box, "inner/../kept", O_RDONLY) >= 0);
    snprintf(path, sizeof path, "%s/inner/../kept", argv[1]);
    CHECK(open(path, O_RDONLY) >= 0);
    return 0;
}
