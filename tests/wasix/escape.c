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
#include <string.h>
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
    CHECK(linkat(box, path, box, "stolen", AT_SYMLINK_FOLLOW) < 0);
    CHECK(linkat(box, "kept", box, path, 0) < 0);
    CHECK(symlinkat("kept", box, path) < 0);
}

/// Links that only together lead out, and ways out that come back in.
static void links_of_links(void) {
    CHECK(symlinkat("chain2", box, "chain1") == 0);
    CHECK(symlinkat("inner/chain3", box, "chain2") == 0);
    CHECK(symlinkat("../up/outside/secret", box, "inner/chain3") == 0);
    no_open("chain1");
    no_open("chain2");
    no_open("inner/chain3");
    no_open("up/box/kept");
    no_open("inner/up/box/kept");
    no_open("secret-dir/../box/kept");
    no_open("inner/../../box/kept");
    CHECK(linkat(box, "secret-file", box, "stolen", AT_SYMLINK_FOLLOW) < 0);
    CHECK(linkat(box, "chain1", box, "stolen", AT_SYMLINK_FOLLOW) < 0);
    // The link itself may have another name; it leads nowhere, all the same.
    CHECK(linkat(box, "chain1", box, "chain4", 0) == 0);
    no_open("chain4");
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    CHECK(utimensat(box, "chain1", times, 0) < 0);
    CHECK(openat(box, "chain1", O_WRONLY | O_TRUNC) < 0);
    CHECK(unlinkat(box, "chain1", 0) == 0 && unlinkat(box, "chain2", 0) == 0);
    CHECK(unlinkat(box, "inner/chain3", 0) == 0 && unlinkat(box, "chain4", 0) == 0);
}

static void no_open_by_name(const char* const* names, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        no_open(names[i]);
        CHECK(symlinkat(names[i], box, "named") == 0);
        no_open("named");
        CHECK(unlinkat(box, "named", 0) == 0);
    }
}

/// What the kernel offers of this process under a name, and of the host.
static void descriptors_by_name(int is_root) {
    static const char* const kNever[] = {"/proc/self/fd/0",
                                         "proc/fd/0",
                                         "proc/fd/3",
                                         "proc/root",
                                         "proc/exe",
                                         "proc/task",
                                         "proc/mem",
                                         "/dev/fd/77",
                                         "/dev/fd/-1",
                                         "/dev/fd",
                                         "/proc/self/mem",
                                         "/proc/self/maps",
                                         "/dev/mem",
                                         "/dev/ptmx",
                                         "/dev/../etc/passwd",
                                         "/dev/null/",
                                         "/dev/fd/0/../..",
                                         "/dev/pts/ptmx",
                                         "/dev/fd/3/../outside/secret"};
    static const char* const kOfTheRoot[] = {"/dev/fd/0", "/dev/stdin", "/dev/null"};
    no_open_by_name(kNever, sizeof kNever / sizeof *kNever);
    if (!is_root) {
        no_open_by_name(kOfTheRoot, sizeof kOfTheRoot / sizeof *kOfTheRoot);
        return;
    }
    // A root directory comes with devices: these are the program's own descriptors, not the host's.
    struct stat mine;
    struct stat named;
    CHECK(fstat(0, &mine) == 0);
    for (int i = 0; i < 2; ++i) {
        const int fd = open(kOfTheRoot[i], O_RDONLY);
        CHECK(fd >= 0 && fstat(fd, &named) == 0);
        CHECK(named.st_ino == mine.st_ino && named.st_dev == mine.st_dev);
        CHECK(close(fd) == 0);
    }
    const int again = open("/dev/fd/3", O_RDONLY | O_DIRECTORY);
    if (again >= 0) {  // the box, with no more than it allows
        CHECK(openat(again, "../outside/secret", O_RDONLY) < 0);
        CHECK(openat(again, "secret-file", O_RDONLY) < 0);
        CHECK(openat(again, "up/outside/secret", O_RDONLY) < 0);
        CHECK(close(again) == 0);
    }
}

/// The box itself has no name in it that could be moved or removed.
static void the_box_itself(const char* name) {
    CHECK(renameat(box, ".", box, "moved") < 0);
    CHECK(renameat(box, "inner/..", box, "moved") < 0);
    CHECK(renameat(box, "inner", box, ".") < 0);
    CHECK(renameat(box, "inner", box, "..") < 0);
    CHECK(rename(name, "/moved") < 0);
    CHECK(unlinkat(box, ".", AT_REMOVEDIR) < 0);
    CHECK(unlinkat(box, "inner/..", AT_REMOVEDIR) < 0);
    CHECK(rmdir(name) < 0);
    CHECK(symlinkat("inner", box, ".") < 0);
    CHECK(linkat(box, ".", box, "box2", 0) < 0);
    CHECK(mkdirat(box, "..", 0777) < 0);
    CHECK(mkdirat(box, "../beside", 0777) < 0);
    // Nor its parent: it has none.
    struct stat here;
    struct stat above;
    CHECK(fstatat(box, ".", &here, 0) == 0);
    CHECK(fstatat(box, "..", &above, 0) < 0 || above.st_ino == here.st_ino);
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
    links_of_links();
    descriptors_by_name(strcmp(argv[1], "/") == 0);
    the_box_itself(argv[1]);
    // What stays inside works.
    CHECK(openat(box, "inner/here", O_RDONLY) >= 0);
    CHECK(openat(box, "inner/../kept", O_RDONLY) >= 0);
    snprintf(path, sizeof path, "%s/inner/../kept", argv[1]);
    CHECK(open(path, O_RDONLY) >= 0);
    return 0;
}
