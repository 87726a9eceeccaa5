// Files at odd places and names: beyond 4 GiB, holes, appending, links, times, and directories that
// change while they are read. In the directory that is the only argument.

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "report.h"

static const long long kGiB = 1LL << 30;

/// In the directory, which is the current one.
static int create(const char* name) { return open(name, O_RDWR | O_CREAT | O_EXCL, 0644); }

static long long size_of(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? (long long)status.st_size : -1;
}

static long long links_of(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? (long long)status.st_nlink : -1;
}

static void beyond_4_gib(void) {
    const int fd = create("large");
    char text[16] = {0};
    REPORT(pwrite(fd, "abcd", 4, 4 * kGiB - 2));
    SHOW(size_of(fd));
    REPORT(lseek(fd, 4 * kGiB - 3, SEEK_SET));
    REPORT(read(fd, text, 8));
    SHOW(text[0] == 0 && text[1] == 'a' && text[4] == 'd');
    REPORT(lseek(fd, 0, SEEK_CUR));
    REPORT(lseek(fd, -3, SEEK_CUR));
    struct iovec two[2] = {{text, 1}, {text + 8, 8}};
    REPORT(readv(fd, two, 2));
    SHOW(text[0] == 'b' && text[8] == 'c');
    REPORT(lseek(fd, 3 * kGiB, SEEK_CUR));
    REPORT(write(fd, "end", 3));
    SHOW(size_of(fd));
    REPORT(ftruncate(fd, 5 * kGiB + 1));
    REPORT(lseek(fd, -1, SEEK_END));
    REPORT(read(fd, text, 8));
    SHOW(text[0]);
    REPORT(pwrite(fd, "x", 1, 4096 * kGiB));
    SHOW(size_of(fd));
    REPORT(posix_fallocate(fd, 0, 8192));
    SHOW(size_of(fd));
    REPORT(ftruncate(fd, 0));
    SHOW(size_of(fd));
    close(fd);
    REPORT(unlink("large"));
}

static void odd_seeks(void) {
    const int fd = create("seeks");
    char text[16];
    REPORT(write(fd, "0123456789", 10));
    REPORT(lseek(fd, -11, SEEK_END));
    REPORT(lseek(fd, -11, SEEK_CUR));
    REPORT(lseek(fd, -10, SEEK_END));
    REPORT(lseek(fd, LLONG_MIN, SEEK_SET));
    REPORT(lseek(fd, LLONG_MIN, SEEK_END));
    REPORT(lseek(fd, LLONG_MAX, SEEK_END));
    REPORT(lseek(fd, 100, SEEK_END));
    REPORT(read(fd, text, 1));
    REPORT(lseek(fd, 0, SEEK_CUR));
    REPORT(write(fd, "", 0));
    SHOW(size_of(fd));
    REPORT(write(fd, "x", 1));
    SHOW(size_of(fd));
    REPORT(pread(fd, text, 3, 9));
    SHOW(text[0] == '9' && text[1] == 0);
    REPORT(pread(fd, text, 1, -1));
    REPORT(pread(fd, text, 1, LLONG_MAX));
    REPORT(pwrite(fd, text, 1, -1));
    REPORT(pread(fd, text, 0, 1000));
    REPORT(ftruncate(fd, 4));
    REPORT(lseek(fd, 0, SEEK_CUR));
    REPORT(read(fd, text, 4));
    REPORT(lseek(fd, 3, SEEK_SET));
    const int copy = duplicate(fd);
    REPORT(read(copy, text, 8));
    REPORT(lseek(fd, 0, SEEK_CUR));
    const int other = open("seeks", O_RDONLY);
    REPORT(lseek(other, 0, SEEK_CUR));
    REPORT(write(other, text, 1));
    close(other);
    close(copy);
    REPORT(posix_fallocate(fd, 2, 100));
    SHOW(size_of(fd));
    REPORT(posix_fadvise(fd, 0, 100, POSIX_FADV_WILLNEED));
    close(fd);
    REPORT(unlink("seeks"));
}

static void appending(void) {
    char text[32] = {0};
    const int a = open("log", O_RDWR | O_CREAT | O_APPEND, 0644);
    const int b = open("log", O_WRONLY | O_APPEND);
    const int c = open("log", O_RDWR);
    REPORT(write(a, "aa", 2));
    REPORT(write(b, "bbb", 3));
    REPORT(lseek(a, 0, SEEK_CUR));
    REPORT(write(a, "A", 1));
    REPORT(lseek(a, 0, SEEK_CUR));
    REPORT(lseek(b, 1, SEEK_SET));
    REPORT(write(b, "B", 1));
    REPORT(write(c, "cc", 2));
    struct iovec two[2] = {{"1", 1}, {"23", 2}};
    REPORT(writev(b, two, 2));
    REPORT(pread(c, text, sizeof text - 1, 0));
    printf("%s\n", text);
    REPORT(ftruncate(c, 3));
    REPORT(write(a, "end", 3));
    REPORT(fcntl(a, F_SETFL, 0));
    REPORT(lseek(a, 0, SEEK_SET));
    REPORT(write(a, "X", 1));
    SHOW(size_of(a));
    REPORT(fcntl(a, F_SETFL, O_APPEND));
    REPORT(lseek(a, 0, SEEK_SET));
    REPORT(write(a, "Y", 1));
    memset(text, 0, sizeof text);
    REPORT(pread(c, text, sizeof text - 1, 0));
    printf("%s\n", text);
    close(a);
    close(b);
    close(c);
    REPORT(unlink("log"));
}

static void links(void) {
    char text[16] = {0};
    const int fd = create("one");
    REPORT(write(fd, "one", 3));
    REPORT(link("one", "two"));
    SHOW(links_of(fd));
    REPORT(rename("one", "two"));
    REPORT(access("one", F_OK));
    SHOW(links_of(fd));
    REPORT(unlink("one"));
    REPORT(link("two", "three"));
    const int victim = create("victim");
    REPORT(rename("three", "victim"));
    SHOW(links_of(victim));
    REPORT(unlink("two"));
    REPORT(unlink("victim"));
    SHOW(links_of(fd));
    REPORT(pread(fd, text, 8, 0));
    REPORT(write(fd, "more", 4));
    SHOW(size_of(fd));
    close(fd);
    close(victim);
    REPORT(symlink("target", "soft"));
    REPORT(link("soft", "soft2"));
    REPORT(readlink("soft2", text, sizeof text));
    REPORT(open("soft", O_RDWR | O_CREAT | O_EXCL, 0644));
    REPORT(open("soft", O_RDONLY | O_NOFOLLOW));
    const int through = open("soft", O_RDWR | O_CREAT, 0644);
    SHOW(through >= 0 && access("target", F_OK) == 0);
    close(through);
    REPORT(unlink("soft"));
    REPORT(access("target", F_OK));
    REPORT(rename("soft2", "target"));
    REPORT(readlink("target", text, sizeof text));
    REPORT(open("target", O_RDONLY));
    REPORT(unlink("target"));
    char name[16];
    char next[16];
    close(create("link0"));
    for (int i = 1; i <= 41; ++i) {
        snprintf(name, sizeof name, "link%d", i);
        snprintf(next, sizeof next, "link%d", i - 1);
        symlink(next, name);
    }
    SHOW(close(open("link40", O_RDONLY)));
    REPORT(open("link41", O_RDONLY));
    for (int i = 0; i <= 41; ++i) {
        snprintf(name, sizeof name, "link%d", i);
        unlink(name);
    }
}

static void odd_names(void) {
    REPORT(mkdir("dir/", 0755));
    REPORT(mkdir("dir/.", 0755));
    REPORT(mkdir(".", 0755));
    close(create("dir/file"));
    const int here = open("dir", O_RDONLY | O_DIRECTORY);  // libc itself changes relative names
    REPORT(openat(here, "", O_RDONLY));
    REPORT(unlinkat(here, "", 0));
    REPORT(mkdirat(here, "", 0755));
    REPORT(renameat(here, "file", here, ""));
    REPORT(symlinkat("to", here, ""));
    close(here);
    REPORT(unlink("dir/file/"));
    REPORT(open("dir/file/.", O_RDONLY));
    REPORT(open("dir/new/", O_RDWR | O_CREAT, 0644));
    REPORT(rmdir("dir/."));
    REPORT(rmdir("dir/file"));
    REPORT(rename("dir/file", "dir/file"));
    REPORT(rename("dir", "dir/below"));
    REPORT(rename("dir/file", "dir/other/"));
    REPORT(mkdir("empty", 0755));
    REPORT(rename("empty", "dir"));
    REPORT(rename("dir", "empty"));
    REPORT(rename("empty/", "dir/"));
    REPORT(symlink("dir", "to_dir"));
    SHOW(close(open("to_dir/file", O_RDONLY)));
    REPORT(open("to_dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    REPORT(rmdir("to_dir"));
    REPORT(unlink("to_dir/"));
    REPORT(unlink("to_dir"));
    REPORT(symlink("", "nothing"));
    REPORT(unlink("dir//.//file"));
    REPORT(rmdir("dir/"));
}

static void show_times(const char* name, int flags) {
    struct stat status;
    if (fstatat(AT_FDCWD, name, &status, flags) == 0) {
        printf("%s: %lld.%09ld %lld.%09ld\n", name, (long long)status.st_atim.tv_sec,
               (long)status.st_atim.tv_nsec, (long long)status.st_mtim.tv_sec,
               (long)status.st_mtim.tv_nsec);
    } else {
        printf("%s: %s\n", name, error_name(errno));
    }
}

static void times(void) {
    const struct timespec early[2] = {{1, 1}, {2, 999999999}};
    const struct timespec late[2] = {{5000000000LL, 500}, {6000000000LL, 0}};
    const int fd = create("timed");
    REPORT(symlink("timed", "to_timed"));
    REPORT(futimens(fd, early));
    show_times("timed", 0);
    REPORT(utimensat(AT_FDCWD, "to_timed", late, AT_SYMLINK_NOFOLLOW));
    show_times("timed", 0);
    show_times("to_timed", AT_SYMLINK_NOFOLLOW);
    REPORT(utimensat(AT_FDCWD, "to_timed", late, 0));
    show_times("timed", 0);
    REPORT(utimensat(AT_FDCWD, "missing", late, 0));
    struct stat before;
    struct stat after;
    REPORT(futimens(fd, early));
    fstat(fd, &before);
    REPORT(write(fd, "x", 1));
    fstat(fd, &after);
    SHOW(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
    SHOW(after.st_atim.tv_sec == before.st_atim.tv_sec);
    REPORT(futimens(fd, early));
    REPORT(ftruncate(fd, 0));
    fstat(fd, &after);
    SHOW(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
    SHOW(after.st_ctim.tv_sec >= after.st_mtim.tv_sec);
    close(fd);
    REPORT(unlink("timed"));
    REPORT(unlink("to_timed"));
}

enum { kEntries = 700 };

/// How often entries named d/fN, N from `first` on, were read; the stream stays open.
static int seen[2 * kEntries];
static int read_entries(DIR* stream, int most, int remove) {
    int count = 0;
    const struct dirent* entry = NULL;
    while (count < most && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == 'f') {
            ++seen[atoi(entry->d_name + 1) % (2 * kEntries)];
            ++count;
            if (remove) {
                char path[300];
                snprintf(path, sizeof path, "d/%s", entry->d_name);
                unlink(path);
            }
        }
    }
    return count;
}

static int seen_once(int first, int last) {
    int once = 0;
    for (int i = first; i < last; ++i) {
        once += seen[i] == 1;
    }
    return once;
}

static void make_entries(int first, int last) {
    for (int i = first; i < last; ++i) {
        char path[32];
        snprintf(path, sizeof path, "d/f%d", i);
        close(create(path));
    }
}

static void directories_that_change(void) {
    REPORT(mkdir("d", 0755));
    make_entries(0, kEntries);
    DIR* stream = opendir("d");
    SHOW(read_entries(stream, 100, 0));
    make_entries(kEntries, 2 * kEntries);
    read_entries(stream, INT_MAX, 0);
    SHOW(seen_once(0, kEntries));  // those that were there are read once, the new ones maybe
    int twice = 0;
    for (int i = 0; i < 2 * kEntries; ++i) {
        twice += seen[i] > 1;
    }
    SHOW(twice);
    rewinddir(stream);
    memset(seen, 0, sizeof seen);
    SHOW(read_entries(stream, 200, 0));
    const long place = telldir(stream);
    char next[300];
    snprintf(next, sizeof next, "%s", readdir(stream)->d_name);
    SHOW(read_entries(stream, 300, 0));
    seekdir(stream, place);
    SHOW(strcmp(next, readdir(stream)->d_name));
    rewinddir(stream);
    memset(seen, 0, sizeof seen);
    SHOW(read_entries(stream, INT_MAX, 1));
    SHOW(seen_once(0, 2 * kEntries));
    closedir(stream);
    stream = opendir("d");
    SHOW(read_entries(stream, INT_MAX, 0));
    rewinddir(stream);
    REPORT(rmdir("d"));
    SHOW(readdir(stream) == NULL);
    REPORT(openat(dirfd(stream), "new", O_RDWR | O_CREAT, 0644));
    closedir(stream);
}

int main(int argc, char** argv) {
    if (argc != 2 || chdir(argv[1]) != 0) {
        return 2;
    }
    beyond_4_gib();
    odd_seeks();
    appending();
    links();
    odd_names();
    times();
    directories_that_change();
    return 0;
}
