// `opens COUNT`: opens and closes everything that has a descriptor, COUNT times in all, after a
// tenth of that to warm up. Says `warm` and `done` and waits for a byte after each, so that the
// test can compare what the process holds.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../differential/events.h"
#include "../differential/net.h"
#include "check.h"

static void many(int count) {
    int ends[2];
    for (int i = 0; i < count; ++i) {
        int fd = -1;
        switch (i % 32) {
            case 0:
                CHECK(make_pipe(ends) == 0 && close(ends[0]) == 0);
                fd = ends[1];
                break;
            case 1:
                CHECK(net_pair(ends) == 0 && close(ends[1]) == 0);
                fd = ends[0];
                break;
            case 2:
                fd = net_socket(1);
                break;
            case 3:
                fd = make_epoll();
                break;
            case 4:
                fd = make_event(1, 0);
                CHECK(make_pipe(ends) == 0);
                const int epoll = make_epoll();
                CHECK(control(epoll, kAdd, ends[0], kIn) == 0 && close(ends[0]) == 0);
                CHECK(close(ends[1]) == 0 && close(epoll) == 0);
                break;
            case 5:
                fd = duplicate(0);
                break;
            case 6:
                fd = open("/d/directory", O_RDONLY | O_DIRECTORY);
                break;
            case 7:
                CHECK_ERRNO(open("/d/missing", O_RDONLY), ENOENT);
                CHECK_ERRNO(open("/d/file", O_RDONLY | O_DIRECTORY), ENOTDIR);
                continue;
            case 8:
                fd = open("/d/directory/../new", O_CREAT | O_EXCL | O_WRONLY, 0666);
                CHECK(unlink("/d/new") == 0);
                break;
            default:
                fd = open(i % 2 == 0 ? "/d/file" : "/d/link", O_RDWR);
        }
        CHECK(fd >= 0);
        CHECK(close(fd) == 0);
    }
}

static void say_and_wait(const char* word) {
    char byte = 0;
    CHECK(write(1, word, strlen(word)) == (ssize_t)strlen(word));
    CHECK(read(0, &byte, 1) == 1);
}

int main(int argc, char** argv) {
    CHECK(argc == 2);
    CHECK(mkdir("/d/directory", 0777) == 0);
    CHECK(close(open("/d/file", O_CREAT | O_RDWR, 0666)) == 0);
    CHECK(symlink("file", "/d/link") == 0);
    const int count = atoi(argv[1]);
    many(count / 10);
    say_and_wait("warm\n");
    many(count);
    say_and_wait("done\n");
    return 0;
}
