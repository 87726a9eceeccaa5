// Pipes, eventfds, poll and epoll. Nothing here depends on how much one call transfers, so that it
// prints the same when transfers are cut short and interrupted.

#include "events.h"

#include <poll.h>
#include <stdlib.h>

#include "report.h"

static void write_all(int fd, const char* bytes, size_t count) {
    while (count != 0) {
        const ssize_t part = write(fd, bytes, count);
        if (part < 0) {
            printf("write: %s\n", error_name(errno));
            exit(1);
        }
        bytes += part;
        count -= (size_t)part;
    }
}

static size_t read_all(int fd, char* bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        const ssize_t part = read(fd, bytes + done, count - done);
        if (part < 0) {
            printf("read: %s\n", error_name(errno));
            exit(1);
        }
        if (part == 0) {
            break;
        }
        done += (size_t)part;
    }
    return done;
}

static void show_poll(const char* what, int fd, int events) {
    struct pollfd entry = {fd, (short)events, 0};
    const int count = poll(&entry, 1, 0);
    // At the end of input wasi-libc says POLLIN, too, where Linux only says POLLHUP.
    printf("poll %s: %d in %d out %d hup %d nval %d\n", what, count,
           (entry.revents & (POLLIN | POLLHUP)) != 0, (entry.revents & POLLOUT) != 0,
           (entry.revents & POLLHUP) != 0, (entry.revents & POLLNVAL) != 0);
}

static int first, second;

static void show_wait(const char* what, int epoll) {
    struct ready ready[16];
    const int count = wait_for(epoll, ready, 16, 0);
    printf("epoll %s: %d", what, count);
    for (int fd = first;; fd = second) {  // in an order that does not depend on the kernel
        for (int i = 0; i < count; ++i) {
            if (ready[i].fd == fd) {
                printf(" [%s %u]", fd == first ? "first" : "second", ready[i].events);
            }
        }
        if (fd == second) {
            break;
        }
    }
    printf("\n");
}

static void pipes(void) {
    int ends[2];
    printf("pipe: %d\n", make_pipe(ends));
    show_poll("empty", ends[0], POLLIN);
    show_poll("writable", ends[1], POLLOUT);
    static char out[40000];
    static char in[40000];
    for (size_t i = 0; i < sizeof out; ++i) {
        out[i] = (char)(i * 7 + i / 251);
    }
    write_all(ends[1], out, sizeof out);
    show_poll("full of data", ends[0], POLLIN);
    printf("read %zu same %d\n", read_all(ends[0], in, sizeof in), memcmp(in, out, sizeof in) == 0);
    char byte = 0;
    printf("write to the read end: %s\n", write(ends[0], &byte, 1) < 0 ? error_name(errno) : "ok");
    printf("read from the write end: %s\n", read(ends[1], &byte, 1) < 0 ? error_name(errno) : "ok");
    printf("seek: %s\n", lseek(ends[0], 0, SEEK_CUR) < 0 ? error_name(errno) : "ok");
    const int copy = duplicate(ends[1]);
    close(ends[1]);
    write_all(copy, "more", 4);
    close(copy);
    printf("the rest: %zu\n", read_all(ends[0], in, sizeof in));
    show_poll("at the end", ends[0], POLLIN);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    printf("end: %zd\n", read(ends[0], &byte, 1));
    close(ends[0]);
    show_poll("closed", ends[0], POLLIN);
    printf("closed: %s\n", read(ends[0], &byte, 1) < 0 ? error_name(errno) : "ok");
}

static void would_block(void) {
    int ends[2];
    make_pipe(ends);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    char byte = 0;
    printf("empty: %s\n", read(ends[0], &byte, 1) < 0 ? error_name(errno) : "ok");
    static char block[4096];
    size_t total = 0;
    ssize_t part = 0;
    while ((part = write(ends[1], block, sizeof block)) > 0) {
        total += (size_t)part;
    }
    printf("full: %s\n", error_name(errno));
    show_poll("full", ends[1], POLLOUT);
    size_t drained = 0;
    while ((part = read(ends[0], block, sizeof block)) > 0) {
        drained += (size_t)part;
    }
    printf("drained %d\n", drained == total);
    show_poll("drained", ends[1], POLLOUT);
    close(ends[0]);
    close(ends[1]);
}

static void counters(void) {
    for (int semaphore = 0; semaphore < 2; ++semaphore) {
        const int fd = make_event(3, semaphore);
        uint64_t value = 4;
        show_poll("counter", fd, POLLIN | POLLOUT);
        write_all(fd, (const char*)&value, sizeof value);
        printf("counter: %d", (int)read_all(fd, (char*)&value, sizeof value));
        printf(" %d\n", (int)value);
        show_poll("counter after", fd, POLLIN | POLLOUT);
        printf("short: %s\n", read(fd, &value, 4) < 0 ? error_name(errno) : "ok");
        close(fd);
    }
}

static void waits(void) {
    const int epoll = make_epoll();
    int one[2];
    int two[2];
    make_pipe(one);
    make_pipe(two);
    first = one[0];
    second = two[0];
    printf("add: %d %d\n", control(epoll, kAdd, first, kIn),
           control(epoll, kAdd, second, kIn | kEdge));
    show_wait("nothing", epoll);
    write_all(one[1], "a", 1);
    write_all(two[1], "b", 1);
    show_wait("both", epoll);
    show_wait("level only", epoll);
    write_all(two[1], "b", 1);
    show_wait("another edge", epoll);
    printf("once: %d\n", control(epoll, kModify, first, kIn | kOnce));
    show_wait("once", epoll);
    show_wait("never again", epoll);
    printf("again: %d\n", control(epoll, kModify, first, kIn));
    show_wait("again", epoll);
    char byte = 0;
    read_all(first, &byte, 1);
    show_wait("read", epoll);
    close(one[1]);
    show_wait("hung up", epoll);
    printf("remove: %d\n", control(epoll, kRemove, first, 0));
    show_wait("removed", epoll);
    write_all(two[1], "c", 1);
    close(second);
    show_wait("closed", epoll);
    struct ready ready;
    printf("time: %d\n", wait_for(epoll, &ready, 1, 5));
    close(epoll);
    printf("bad: %s\n", wait_for(epoll, &ready, 1, 0) < 0 ? error_name(errno) : "ok");
}

static unsigned draw(unsigned below) {
    static unsigned state = 20261201;
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
}

/// What both libcs say of an entry in the same words: see show_poll(), and of a pipe that nobody
/// reads Linux says POLLOUT, too.
static unsigned words(const struct pollfd* entry) {
    const int revents = entry->revents;
    return (unsigned)((revents & (POLLIN | POLLHUP)) != 0) +
           2 * (unsigned)((revents & (POLLOUT | POLLERR)) == POLLOUT) +
           4 * (unsigned)((revents & POLLHUP) != 0) + 8 * (unsigned)((revents & POLLERR) != 0) +
           16 * (unsigned)((revents & POLLNVAL) != 0);
}

/// Until all is transferred or it fails, so that transfers cut short lead to the same history.
static size_t write_whole(int fd, const char* bytes, size_t count) {
    size_t done = 0;
    ssize_t part = 1;
    while (done < count && part > 0) {
        part = write(fd, bytes + done, count - done);
        done += part > 0 ? (size_t)part : 0;
    }
    return done;
}
static size_t read_whole(int fd, char* bytes, size_t count) {
    size_t done = 0;
    ssize_t part = 1;
    while (done < count && part > 0) {
        part = read(fd, bytes + done, count - done);
        done += part > 0 ? (size_t)part : 0;
    }
    return done;
}

/// A large set that is polled again and again, while its pipes fill, drain, end, come and go.
static void many(void) {
    enum { kPipes = 90, kRounds = 600 };
    static int ends[kPipes][2];
    static size_t held[kPipes];
    static struct pollfd entries[2 * kPipes + 1];
    for (int i = 0; i < kPipes; ++i) {
        make_pipe(ends[i]);
    }
    unsigned sum = 0;
    for (int round = 0; round < kRounds; ++round) {
        const unsigned which = draw(kPipes);
        int* pipe = ends[which];
        static char bytes[4096];
        switch (draw(8)) {
            case 0:  // another pipe, of the same numbers most of the time
                for (int end = 0; end < 2; ++end) {
                    close(pipe[end]);
                }
                make_pipe(pipe);
                held[which] = 0;
                break;
            case 1:
                if (draw(8) == 0) {
                    const unsigned end = draw(2);
                    close(pipe[end]);
                    pipe[end] = -1;
                }
                break;
            case 2: {  // the old number is closed, the file is not
                const int copy = duplicate(pipe[0]);
                if (copy >= 0) {
                    close(pipe[0]);
                    pipe[0] = copy;
                }
                break;
            }
            case 3:
                if (pipe[0] >= 0 && held[which] < 2000) {
                    held[which] += write_whole(pipe[1], bytes, 100);
                }
                break;
            default:
                held[which] -= read_whole(pipe[0], bytes, held[which]);
        }
        nfds_t count = 0;
        for (int i = 0; i < kPipes; ++i) {
            entries[count++] = (struct pollfd){ends[i][0], POLLIN, 0};
            if (i % 9 == 0) {
                entries[count++] = (struct pollfd){ends[i][1], POLLOUT, 0};
            }
        }
        if (round % 50 < 10) {
            entries[count++] = (struct pollfd){5000, POLLIN, 0};  // no descriptor
        }
        const int ready = poll(entries, count, 0);
        for (nfds_t i = 0; i < count; ++i) {
            sum = sum * 31 + words(&entries[i]);
        }
        if (round % 10 == 9) {
            printf("round %d: %d ready, %u\n", round, ready, sum);
        }
    }
    for (int i = 0; i < kPipes; ++i) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

int main(void) {
    pipes();
    would_block();
    counters();
    waits();
    many();
    return 0;
}
