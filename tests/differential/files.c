// Files, directories, links and times, in the directory that is the only argument.

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

static char directory[256];

/// `name` in the directory; valid until the eighth call after.
static const char* at(const char* name) {
    static char paths[8][512];
    static int next;
    char* path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void show_stat(const char* name) {
    struct stat status;
    if (stat(at(name), &status) != 0) {
        printf("stat %s: %s\n", name, error_name(errno));
        return;
    }
    printf("stat %s: size %lld links %lld file %d directory %d\n", name, (long long)status.st_size,
           (long long)status.st_nlink, S_ISREG(status.st_mode), S_ISDIR(status.st_mode));
}

static int by_name(const void* a, const void* b) { return strcmp(a, b); }

static void show_directory(const char* name) {
    char names[64][64];
    size_t count = 0;
    DIR* stream = opendir(at(name));
    if (stream == NULL) {
        printf("opendir %s: %s\n", name, error_name(errno));
        return;
    }
    for (const struct dirent* entry; (entry = readdir(stream)) != NULL;) {
        char path[128];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
        const int known = strcmp(entry->d_name, "..") != 0 && lstat(at(path), &status) == 0;
        snprintf(names[count++ % 64], 64, "%s%s", entry->d_name,
                 known && status.st_ino != entry->d_ino ? " (another inode)" : "");
    }
    closedir(stream);
    qsort(names, count, sizeof names[0], by_name);
    printf("%s:", name);
    for (size_t i = 0; i < count; ++i) {
        printf(" %s", names[i]);
    }
    printf("\n");
}

static void transfers(void) {
    char buffer[64] = {0};
    const int fd = open(at("file"), O_RDWR | O_CREAT | O_EXCL, 0644);
    SHOW(fd >= 0);
    REPORT(write(fd, "0123456789", 10));
    REPORT(lseek(fd, 0, SEEK_CUR));
    REPORT(lseek(fd, -4, SEEK_END));
    REPORT(read(fd, buffer, sizeof buffer));
    printf("%s\n", buffer);
    REPORT(read(fd, buffer, sizeof buffer));
    REPORT(lseek(fd, -1, SEEK_SET));
    REPORT(lseek(fd, 0, 99));
    REPORT(pread(fd, buffer, 3, 2));
    REPORT(pread(fd, buffer, 3, 100));
    REPORT(pwrite(fd, "abc", 3, 20));
    REPORT(lseek(fd, 0, SEEK_END));
    REPORT(pread(fd, buffer, 20, 8));
    SHOW(buffer[1] == '9' && buffer[2] == 0 && buffer[12] == 'a');
    struct iovec parts[3] = {{buffer, 2}, {buffer + 10, 0}, {buffer + 20, 30}};
    REPORT(lseek(fd, 0, SEEK_SET));
    REPORT(readv(fd, parts, 3));
    REPORT(writev(fd, parts, 2));
    REPORT(ftruncate(fd, 5));
    show_stat("file");
    REPORT(ftruncate(fd, -1));
    REPORT(ftruncate(fd, 1LL << 40));
    show_stat("file");
    REPORT(pwrite(fd, "x", 1, (1LL << 33) + 7));
    REPORT(pread(fd, buffer, 2, (1LL << 33) + 6));
    SHOW(buffer[0] == 0 && buffer[1] == 'x');
    REPORT(ftruncate(fd, 3));
    REPORT(fsync(fd));
    REPORT(fdatasync(fd));
    REPORT(close(fd));
    REPORT(close(fd));
    REPORT(read(fd, buffer, 1));
    REPORT(write(-1, buffer, 1));
}

/// A thousand calls on two descriptions of a file, in an order that is the same everywhere.
static void positions(void) {
    char buffer[128];
    int fds[2] = {open(at("moved"), O_RDWR | O_CREAT | O_EXCL, 0644), open(at("moved"), O_RDWR)};
    unsigned seed = 1;
    for (int i = 0; i < 1000; ++i) {
        seed = seed * 1103515245 + 12345;
        const unsigned choice = seed >> 16;
        const int fd = fds[choice % 2];
        const int amount = (int)(choice / 32 % 100);
        memset(buffer, 'a' + i % 26, sizeof buffer);
        switch (choice / 2 % 10) {
            case 0:
            case 1:
                REPORT(write(fd, buffer, (size_t)amount));
                break;
            case 2:
            case 3:
                REPORT(read(fd, buffer, (size_t)amount));
                SHOW(buffer[0] + 256 * buffer[amount / 2]);
                break;
            case 4:
                REPORT(lseek(fd, amount * 5 - 20, SEEK_SET));
                break;
            case 5:
                REPORT(lseek(fd, amount - 50, SEEK_CUR));
                break;
            case 6:
                REPORT(lseek(fd, amount - 80, SEEK_END));
                break;
            case 7:
                REPORT(ftruncate(fd, amount * 4));
                break;
            case 8:
                REPORT(fcntl(fd, F_SETFL, amount < 10 ? O_APPEND : 0));
                REPORT(lseek(fd, 0, SEEK_CUR));
                break;
            default:
                REPORT(lseek(fd, amount % 2 == 0 ? 1LL << (amount / 2 + 10) : INT64_MAX - amount,
                             amount % 3 == 0 ? SEEK_CUR : SEEK_SET));
                REPORT(read(fd, buffer, 10));
                REPORT(lseek(fd, amount, SEEK_SET));
        }
    }
    show_stat("moved");
    close(fds[0]);
    close(fds[1]);
    REPORT(unlink(at("moved")));
}

static void opening(void) {
    char buffer[8];
    REPORT(open(at("file"), O_RDWR | O_CREAT | O_EXCL, 0644));
    REPORT(open(at("missing"), O_RDONLY));
    REPORT(open(at("file/below"), O_RDONLY));
    REPORT(open(at("file/"), O_RDONLY));
    REPORT(open(at("."), O_RDWR));
    REPORT(open(at("file"), O_RDONLY | O_DIRECTORY));
    REPORT(open(at("missing/new"), O_CREAT | O_WRONLY, 0644));
    int fd = open(at("file"), O_RDONLY);
    REPORT(write(fd, "x", 1));
    close(fd);
    fd = open(at("file"), O_WRONLY | O_APPEND);
    REPORT(read(fd, buffer, 1));
    REPORT(lseek(fd, 0, SEEK_SET));
    REPORT(write(fd, "xyz", 3));
    REPORT(lseek(fd, 0, SEEK_CUR));
    close(fd);
    show_stat("file");
    fd = open(at("file"), O_WRONLY | O_TRUNC);
    show_stat("file");
    close(fd);
    fd = open(at("."), O_RDONLY);
    REPORT(read(fd, buffer, 1));
    close(fd);
}

static void names(void) {
    char buffer[64] = {0};
    REPORT(mkdir(at("d"), 0755));
    REPORT(mkdir(at("d"), 0755));
    REPORT(mkdir(at("d/e"), 0755));
    REPORT(mkdir(at("x/y"), 0755));
    REPORT(rmdir(at("d")));
    REPORT(unlink(at("d")));
    REPORT(rmdir(at("file")));
    REPORT(link(at("file"), at("d/hard")));
    REPORT(link(at("file"), at("d/hard")));
    show_stat("file");
    REPORT(symlink("hard", at("d/soft")));
    REPORT(readlink(at("d/soft"), buffer, sizeof buffer));
    REPORT(readlink(at("d/soft"), buffer, 2));
    REPORT(readlink(at("file"), buffer, sizeof buffer));
    REPORT(symlink("loop", at("loop")));
    REPORT(open(at("loop"), O_RDONLY));
    REPORT(symlink("nowhere", at("dangling")));
    REPORT(open(at("dangling"), O_RDONLY));
    REPORT(access(at("dangling"), F_OK));
    show_stat("d/soft");
    show_directory("d");
    show_directory(".");
    REPORT(rename(at("d/soft"), at("soft")));
    REPORT(rename(at("missing"), at("soft")));
    REPORT(rename(at("d"), at("d/e/f")));
    REPORT(rename(at("file"), at("d")));
    REPORT(rename(at("d/e"), at("file")));
    REPORT(rename(at("file"), at("d/hard")));
    REPORT(rename(at("d/hard"), at("moved")));
    show_directory(".");
    REPORT(unlink(at("moved")));
    REPORT(unlink(at("file")));
    REPORT(unlink(at("file")));
    REPORT(unlink(at("loop")));
    REPORT(unlink(at("dangling")));
    REPORT(unlink(at("soft")));
    REPORT(rmdir(at("d/e")));
    REPORT(rmdir(at("d")));
    show_directory(".");
    char longest[300];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    REPORT(open(at(longest), O_RDONLY));
}

static void times(void) {
    struct stat status;
    const int fd = open(at("timed"), O_RDWR | O_CREAT, 0644);
    const struct timespec both[2] = {{1000000000, 123456789}, {1500000000, 987654321}};
    REPORT(futimens(fd, both));
    fstat(fd, &status);
    SHOW(status.st_atim.tv_sec);
    SHOW(status.st_atim.tv_nsec);
    SHOW(status.st_mtim.tv_sec);
    SHOW(status.st_mtim.tv_nsec);
    // Not UTIME_NOW, UTIME_OMIT or a null pointer, of which Debian's wasi-libc makes other times.
    const struct timespec one[2] = {{1000000000, 0}, {7, 0}};
    REPORT(utimensat(AT_FDCWD, at("timed"), one, 0));
    stat(at("timed"), &status);
    SHOW(status.st_atim.tv_sec);
    SHOW(status.st_mtim.tv_sec);
    close(fd);
    REPORT(unlink(at("timed")));
    struct timespec a;
    struct timespec b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    const struct timespec nap = {0, 20000000};
    REPORT(nanosleep(&nap, NULL));
    clock_gettime(CLOCK_MONOTONIC, &b);
    SHOW((b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 20000000);
    SHOW(time(NULL) > 1600000000);
}

int main(int argc, char** argv) {
    if (argc != 2) {
        return 2;
    }
    snprintf(directory, sizeof directory, "%s", argv[1]);
    transfers();
    positions();
    opening();
    names();
    times();
    SHOW(isatty(0));
    SHOW(isatty(1));
    return 0;
}
