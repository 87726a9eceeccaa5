// Files and directories in a directory of ours, named by the first argument. Plain POSIX.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char path_buffers[4][512];
static const char* directory;

/// One of four buffers in turn.
static const char* in(const char* name) {
    static int next;
    char* path = path_buffers[next++ % 4];
    snprintf(path, sizeof path_buffers[0], "%s/%s", directory, name);
    return path;
}

static void write_file(const char* name, const char* text) {
    const int fd = open(in(name), O_CREAT | O_WRONLY | O_TRUNC, 0666);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CHECK(close(fd) == 0);
}

static void check_text(const char* name, const char* expected) {
    char text[256] = {0};
    const int fd = open(in(name), O_RDONLY);
    CHECK(fd >= 0);
    CHECK(read(fd, text, sizeof text - 1) == (ssize_t)strlen(expected));
    CHECK(strcmp(text, expected) == 0);
    CHECK(close(fd) == 0);
}

static void opens(void) {
    write_file("a", "first");
    check_text("a", "first");
    CHECK_ERRNO(open(in("none"), O_RDONLY), ENOENT);
    CHECK_ERRNO(open(in("a"), O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST);
    CHECK_ERRNO(open(in("a"), O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERRNO(open(in("a/"), O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open(in("a/b"), O_RDONLY), ENOTDIR);
    CHECK_ERRNO(open(in("."), O_RDWR), EISDIR);
    const int fd = open(in("a"), O_RDWR | O_APPEND);
    CHECK(fd >= 0);
    CHECK(write(fd, "+", 1) == 1);
    CHECK(lseek(fd, 0, SEEK_CUR) == 6);
    CHECK(ftruncate(fd, 3) == 0);
    CHECK(close(fd) == 0);
    check_text("a", "fir");
    const int reader = open(in("a"), O_RDONLY);
    CHECK_ERRNO(write(reader, "x", 1), EBADF);
    CHECK(close(reader) == 0);
    const int writer = open(in("a"), O_WRONLY);
    char byte;
    CHECK_ERRNO(read(writer, &byte, 1), EBADF);
    CHECK(close(writer) == 0);
}

static void sparse(void) {
    const off_t far = (off_t)5 << 30;
    const int fd = open(in("sparse"), O_CREAT | O_RDWR, 0666);
    CHECK(fd >= 0);
    CHECK(pwrite(fd, "end", 3, far) == 3);
    struct stat status;
    CHECK(fstat(fd, &status) == 0);
    CHECK(status.st_size == far + 3);
    CHECK(S_ISREG(status.st_mode));
    char text[4] = "xxx";
    CHECK(pread(fd, text, 3, far - 3) == 3);
    CHECK(memcmp(text, "\0\0\0", 3) == 0);
    CHECK(posix_fallocate(fd, 0, 4096) == 0);
    CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
    CHECK(fdatasync(fd) == 0);
    CHECK(close(fd) == 0);
    CHECK(unlink(in("sparse")) == 0);
}

/// Names are gone at once, files with the last descriptor.
static void unlinked(void) {
    char text[8] = {0};
    const int first = open(in("gone"), O_CREAT | O_RDWR, 0666);
    CHECK(first >= 0 && write(first, "first", 5) == 5);
    CHECK(unlink(in("gone")) == 0);
    CHECK_ERRNO(unlink(in("gone")), ENOENT);
    CHECK_ERRNO(open(in("gone"), O_RDWR), ENOENT);
    const int second = open(in("gone"), O_CREAT | O_RDWR, 0666);
    CHECK(second >= 0 && write(second, "second", 6) == 6);
    CHECK(pread(first, text, sizeof text, 0) == 5 && memcmp(text, "first", 5) == 0);
    CHECK(write(first, "+", 1) == 1);
    struct stat status;
    CHECK(fstat(first, &status) == 0 && status.st_size == 6 && status.st_nlink == 0);
    CHECK(close(first) == 0);
    check_text("gone", "second");
    CHECK(close(second) == 0);
    CHECK_ERRNO(close(second), EBADF);
    CHECK(unlink(in("gone")) == 0);
}

static void appends(void) {
    char text[16] = {0};
    struct stat status;
    write_file("a", "0123456789");
    const int fd = open(in("a"), O_RDWR | O_APPEND);
    CHECK(fd >= 0);
    CHECK(lseek(fd, 2, SEEK_SET) == 2);
    CHECK(read(fd, text, 3) == 3 && memcmp(text, "234", 3) == 0);
    CHECK(write(fd, "x", 1) == 1);
    CHECK(lseek(fd, 0, SEEK_CUR) == 11);
    CHECK(ftruncate(fd, 4) == 0);
    CHECK(write(fd, "y", 1) == 1);
    CHECK(fstat(fd, &status) == 0 && status.st_size == 5);
    CHECK(ftruncate(fd, 8) == 0);  // grows, with zeros
    CHECK(pread(fd, text, sizeof text, 0) == 8);
    CHECK(memcmp(text, "0123y\0\0\0", 8) == 0);
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERRNO(lseek(fd, -9, SEEK_END), EINVAL);
    CHECK(lseek(fd, 100, SEEK_END) == 108);
    CHECK(read(fd, text, 1) == 0);
    CHECK(fcntl(fd, F_SETFL, 0) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(write(fd, "z", 1) == 1);
    CHECK(pread(fd, text, 1, 0) == 1 && text[0] == 'z');
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(close(fd) == 0);
    const int reader = open(in("a"), O_RDONLY);
    CHECK((fcntl(reader, F_GETFL) & O_ACCMODE) == O_RDONLY);
    CHECK(close(reader) == 0);
    const int writer = open(in("a"), O_WRONLY);
    CHECK((fcntl(writer, F_GETFL) & O_ACCMODE) == O_WRONLY);
    CHECK(close(writer) == 0);
}

static void directories(void) {
    CHECK(mkdir(in("d"), 0777) == 0);
    CHECK_ERRNO(mkdir(in("d"), 0777), EEXIST);
    CHECK(mkdir(in("d/e/"), 0777) == 0);
    CHECK_ERRNO(mkdir(in("x/y"), 0777), ENOENT);
    CHECK_ERRNO(rmdir(in("d")), ENOTEMPTY);
    CHECK_ERRNO(rmdir(in("a")), ENOTDIR);
    CHECK_ERRNO(unlink(in("d")), EISDIR);
    CHECK_ERRNO(rmdir(in("none")), ENOENT);
    CHECK(rmdir(in("d/e")) == 0);
    CHECK(remove(in("d")) == 0);
    CHECK_ERRNO(mkdir(in("a/below"), 0777), ENOTDIR);
    CHECK_ERRNO(open(in("a/below"), O_CREAT | O_EXCL | O_RDWR, 0666), ENOTDIR);
    CHECK_ERRNO(open(in("new/"), O_CREAT | O_RDWR, 0666), EISDIR);
    CHECK_ERRNO(unlink(in("a/")), ENOTDIR);
    CHECK_ERRNO(rmdir(in("a/")), ENOTDIR);
    CHECK_ERRNO(symlink("a", in("new/")), ENOENT);
    CHECK_ERRNO(open(in(""), O_CREAT | O_RDWR, 0666), EISDIR);
}

/// Every entry once, with the inode that stat() tells, also if entries vanish meanwhile.
static void listing(void) {
    enum { kFiles = 500 };
    static unsigned char seen[kFiles];
    int dots = 0;
    CHECK(mkdir(in("many"), 0777) == 0);
    for (int i = 0; i < kFiles; ++i) {
        char name[64];
        snprintf(name, sizeof name, "many/file-with-a-long-name-%03d", i);
        write_file(name, "");
    }
    DIR* stream = opendir(in("many"));
    CHECK(stream != NULL);
    for (struct dirent* entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (entry->d_name[0] == '.') {
            ++dots;
            continue;
        }
        int number = -1;
        CHECK(sscanf(entry->d_name, "file-with-a-long-name-%d", &number) == 1);
        CHECK(number >= 0 && number < kFiles);
        ++seen[number];
        CHECK(entry->d_type == DT_REG);
        char name[300];
        snprintf(name, sizeof name, "many/%s", entry->d_name);
        struct stat status;
        CHECK(stat(in(name), &status) == 0);
        CHECK(status.st_ino == entry->d_ino);
        CHECK(unlink(in(name)) == 0);
    }
    CHECK(dots == 2);
    for (int i = 0; i < kFiles; ++i) {
        CHECK(seen[i] == 1);
    }
    rewinddir(stream);
    CHECK(readdir(stream) != NULL);
    const long second = telldir(stream);
    const struct dirent* entry = readdir(stream);
    CHECK(entry != NULL);
    char name[16];
    snprintf(name, sizeof name, "%s", entry->d_name);
    CHECK(readdir(stream) == NULL);
    seekdir(stream, second);
    entry = readdir(stream);
    CHECK(entry != NULL && strcmp(entry->d_name, name) == 0);
    rewinddir(stream);
    int left = 0;
    while (readdir(stream) != NULL) {
        ++left;
    }
    CHECK(left == 2);
    CHECK(closedir(stream) == 0);
    CHECK(rmdir(in("many")) == 0);
    CHECK(opendir(in("a")) == NULL && errno == ENOTDIR);
}

static void links(void) {
    struct stat first;
    struct stat second;
    write_file("a", "linked");
    CHECK(link(in("a"), in("b")) == 0);
    CHECK(stat(in("a"), &first) == 0 && stat(in("b"), &second) == 0);
    CHECK(first.st_ino == second.st_ino && first.st_nlink == 2);
    CHECK_ERRNO(link(in("a"), in("b")), EEXIST);
    CHECK_ERRNO(link(in("none"), in("c")), ENOENT);
    CHECK_ERRNO(link(in("a/"), in("c")), ENOTDIR);
    CHECK(unlink(in("b")) == 0);

    CHECK(symlink("a", in("s")) == 0);
    CHECK_ERRNO(symlink("a", in("s")), EEXIST);
    char target[16] = {0};
    CHECK(readlink(in("s"), target, sizeof target) == 1 && target[0] == 'a');
    CHECK(readlink(in("s"), target, 1) == 1);
    CHECK_ERRNO(readlink(in("a"), target, sizeof target), EINVAL);
    CHECK(lstat(in("s"), &first) == 0 && S_ISLNK(first.st_mode));
    CHECK(stat(in("s"), &first) == 0 && S_ISREG(first.st_mode));
    check_text("s", "linked");
    CHECK_ERRNO(open(in("s"), O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK(link(in("s"), in("t")) == 0);  // of the link itself
    CHECK(lstat(in("t"), &second) == 0 && S_ISLNK(second.st_mode));
    CHECK(unlink(in("t")) == 0 && unlink(in("s")) == 0);
    CHECK(symlink("loop", in("loop")) == 0);
    CHECK_ERRNO(open(in("loop"), O_RDONLY), ELOOP);
    CHECK(unlink(in("loop")) == 0);
}

static void renames(void) {
    write_file("a", "from");
    write_file("b", "to");
    CHECK(rename(in("a"), in("b")) == 0);
    check_text("b", "from");
    CHECK_ERRNO(open(in("a"), O_RDONLY), ENOENT);
    CHECK(mkdir(in("d"), 0777) == 0);
    CHECK_ERRNO(rename(in("b"), in("d")), EISDIR);
    CHECK_ERRNO(rename(in("d"), in("b")), ENOTDIR);
    CHECK_ERRNO(rename(in("d"), in("d/below")), EINVAL);
    CHECK(rename(in("b"), in("b")) == 0);
    CHECK(mkdir(in("empty"), 0777) == 0);
    CHECK(rename(in("d"), in("empty")) == 0);
    CHECK(rename(in("empty"), in("d/")) == 0);
    CHECK(mkdir(in("full"), 0777) == 0 && mkdir(in("full/e"), 0777) == 0);
    CHECK_ERRNO(rename(in("d"), in("full")), ENOTEMPTY);
    CHECK(rmdir(in("full/e")) == 0 && rmdir(in("full")) == 0);
    CHECK(rename(in("d"), in("e")) == 0);
    CHECK(rename(in("b"), in("e/b")) == 0);
    check_text("e/b", "from");
    CHECK(unlink(in("e/b")) == 0 && rmdir(in("e")) == 0);
}

static void times(void) {
    write_file("a", "x");
    const struct timespec set[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
    struct stat status;
    CHECK(utimensat(AT_FDCWD, in("a"), set, 0) == 0);
    CHECK(stat(in("a"), &status) == 0);
    CHECK(status.st_atim.tv_sec == 1000000000 && status.st_atim.tv_nsec == 123456789);
    CHECK(status.st_mtim.tv_sec == 1100000000 && status.st_mtim.tv_nsec == 987654321);
    const int fd = open(in("a"), O_RDWR);
    const struct timespec other[2] = {{1200000000, 1}, {1300000000, 2}};
    CHECK(futimens(fd, other) == 0);
    CHECK(fstat(fd, &status) == 0);
    CHECK(status.st_atim.tv_sec == 1200000000 && status.st_mtim.tv_nsec == 2);
    CHECK(close(fd) == 0);
    CHECK(symlink("none", in("s")) == 0);
    CHECK(utimensat(AT_FDCWD, in("s"), set, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK_ERRNO(utimensat(AT_FDCWD, in("s"), set, 0), ENOENT);
    CHECK(unlink(in("s")) == 0 && unlink(in("a")) == 0);
}

int main(int argc, char** argv) {
    CHECK(argc == 2);
    directory = argv[1];
    opens();
    sparse();
    unlinked();
    appends();
    directories();
    listing();
    links();
    renames();
    times();
    return 0;
}
