// How much one call transfers when it cannot transfer everything: full pipes, short streams, many
// buffers, peers that close or reset in the middle.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "events.h"
#include "net.h"
#include "report.h"

enum { kPage = 4096, kMany = 1024 };

static char bytes[1 << 20];

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// Writes whole pages until there is no room; how many.
static int fill(int fd) {
    int pages = 0;
    while (write(fd, bytes, kPage) == kPage) {
        ++pages;
    }
    return pages;
}

/// Waits for what a peer on this machine has done.
static void wait_for_news(int fd) { poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000); }

// A pipe holds pages; up to a page is written whole or not at all.
static void full_pipes(void) {
    int ends[2];
    make_pipe(ends);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
    REPORT(read(ends[0], bytes, 0));
    REPORT(write(ends[1], bytes, 0));
    REPORT(write(ends[1], bytes, sizeof bytes));
    REPORT(write(ends[1], bytes, sizeof bytes));
    REPORT(read(ends[0], bytes, 100));
    REPORT(write(ends[1], bytes, 100));
    REPORT(write(ends[1], bytes, kPage));
    REPORT(read(ends[0], bytes, kPage - 100));
    REPORT(write(ends[1], bytes, kPage + 1));
    REPORT(write(ends[1], bytes, 1));
    REPORT(read(ends[0], bytes, 3 * kPage + 1));
    REPORT(write(ends[1], bytes, 5 * kPage));
    REPORT(read(ends[0], bytes, sizeof bytes));
    REPORT(read(ends[0], bytes, sizeof bytes));
    SHOW(fill(ends[1]) > 0);
    close(ends[1]);
    REPORT(read(ends[0], bytes, 10));
    SHOW(read(ends[0], bytes, sizeof bytes) > 10);
    REPORT(read(ends[0], bytes, sizeof bytes));
    close(ends[0]);
}

// The boundaries of the buffers are not those of the transfer.
static void buffers_of_pipes(void) {
    int ends[2];
    make_pipe(ends);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
    for (size_t i = 0; i < sizeof bytes; ++i) {
        bytes[i] = (char)(i * 31 + i / 1009);
    }
    SHOW(fill(ends[1]) > 0);
    REPORT(read(ends[0], bytes, kPage));
    struct iovec three[3] = {{bytes, 3000}, {bytes + 3000, 3000}, {bytes + 6000, 3000}};
    REPORT(writev(ends[1], three, 3));
    REPORT(writev(ends[1], three, 1));
    while (read(ends[0], bytes + 100000, kPage) > 0) {
    }
    char text[27] = "abcdefghijklmnopqrstuvwxyz";
    struct iovec out[4] = {{text, 0}, {text, 5}, {text, 0}, {text + 5, 8}};
    REPORT(writev(ends[1], out, 4));
    char in[32] = {0};
    struct iovec into[5] = {{in, 0}, {in + 20, 2}, {in, 7}, {in, 0}, {in + 7, 12}};
    REPORT(readv(ends[0], into, 5));
    printf("%.11s %.2s\n", in, in + 20);
    REPORT(readv(ends[0], into, 5));
    REPORT(readv(ends[0], into, 1));
    REPORT(writev(ends[1], out, 0));
    static struct iovec many[kMany];  // of more, a guest's call transfers the first ones
    for (int i = 0; i < kMany; ++i) {
        many[i] = (struct iovec){text + i % 26, 1};
    }
    REPORT(writev(ends[1], many, kMany));
    for (int i = 0; i < kMany; ++i) {
        many[i] = (struct iovec){bytes + 2 * i, 1};
    }
    REPORT(readv(ends[0], many, kMany));
    SHOW(bytes[0] == 'a' && bytes[50] == 'z' && bytes[52] == 'a');
    close(ends[0]);
    REPORT(write(ends[1], bytes, 1));
    REPORT(writev(ends[1], three, 3));
    close(ends[1]);
}

static void connect_two(int* client, int* server) {
    const int listener = net_socket(1);
    net_bind(listener, 0);
    net_listen(listener);
    *client = net_socket(1);
    SHOW(net_connect(*client, net_port(listener, 0)));
    *server = net_accept(listener);
    close(listener);
}

static void a_peer_that_closes(void) {
    int client;
    int server;
    connect_two(&client, &server);
    char text[8];
    struct iovec two[2] = {{text, 3}, {text + 3, 2}};
    REPORT(net_send(client, "0123456789", 10));
    close(client);
    REPORT(net_recv(server, text, 4, 0));
    REPORT(readv(server, two, 2));
    REPORT(readv(server, two, 2));
    REPORT(net_recv(server, text, 4, 0));
    REPORT(net_recv(server, text, 0, 0));
    close(server);
}

static void a_peer_that_ends_its_half(void) {
    int client;
    int server;
    connect_two(&client, &server);
    char text[8];
    REPORT(net_send(client, "abc", 3));
    REPORT(net_shutdown(client, 0, 1));
    REPORT(net_recv(server, text, sizeof text, 0));
    REPORT(net_recv(server, text, sizeof text, 0));
    struct iovec two[2] = {{"xy", 2}, {"z", 1}};
    REPORT(writev(server, two, 2));
    REPORT(net_recv(client, text, 2, 0));
    REPORT(net_shutdown(client, 1, 0));
    REPORT(net_recv(client, text, 2, 0));
    REPORT(net_recv(client, text, 2, 0));
    close(server);
    close(client);
}

static void a_peer_that_resets(void) {
    int client;
    int server;
    connect_two(&client, &server);
    char text[8];
    struct iovec two[2] = {{text, 3}, {text + 3, 4}};
    REPORT(net_send(client, "0123456789", 10));
    wait_for_news(server);
    REPORT(net_recv(server, text, 4, 0));
    REPORT(net_linger(client, 0));
    close(client);
    REPORT(readv(server, two, 2));
    REPORT(readv(server, two, 2));
    REPORT(readv(server, two, 2));
    REPORT(net_send(server, "x", 1));
    close(server);

    connect_two(&client, &server);
    set_nonblocking(client);
    ssize_t part = 0;
    ssize_t total = 0;
    while ((part = net_send(client, bytes, sizeof bytes)) > 0) {
        total += part;
    }
    SHOW(total > kPage);
    REPORT(net_send(client, bytes, 1));
    REPORT(net_linger(server, 0));
    close(server);
    wait_for_news(client);
    REPORT(net_recv(client, text, sizeof text, 0));
    REPORT(net_recv(client, text, sizeof text, 0));
    REPORT(net_send(client, "x", 1));
    close(client);
}

static void a_full_pair(void) {
    int pair[2];
    REPORT(net_pair(pair));
    set_nonblocking(pair[0]);
    set_nonblocking(pair[1]);
    char text[8];
    REPORT(net_recv(pair[0], text, 1, 0));
    const ssize_t part = net_send(pair[0], bytes, sizeof bytes);
    SHOW(part > 0 && part < (ssize_t)sizeof bytes);
    ssize_t more = 0;
    ssize_t total = part;
    while ((more = net_send(pair[0], bytes, 1)) > 0) {
        total += more;
    }
    REPORT(net_send(pair[0], bytes, 1));
    ssize_t drained = 0;
    while ((more = net_recv(pair[1], bytes, 10007, 0)) > 0) {
        drained += more;
    }
    SHOW(drained == total);
    REPORT(net_recv(pair[1], text, 1, 0));
    REPORT(net_send(pair[1], "last", 4));
    close(pair[1]);
    REPORT(net_recv(pair[0], text, 8, 0));
    REPORT(net_recv(pair[0], text, 8, 0));
    REPORT(net_send(pair[0], "x", 1));
    close(pair[0]);
}

static void buffers_of_files(const char* directory) {
    char path[300];
    snprintf(path, sizeof path, "%s/transfers", directory);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    char text[12] = "hello world";
    char in[32] = {0};
    struct iovec out[3] = {{text, 5}, {text, 0}, {text + 5, 6}};
    struct iovec into[3] = {{in, 2}, {in + 16, 0}, {in + 2, 20}};
    REPORT(writev(fd, out, 3));
    REPORT(pwritev(fd, out, 3, 9));
    REPORT(preadv(fd, into, 3, 7));
    printf("%s\n", in);
    REPORT(preadv(fd, into, 3, 19));
    REPORT(preadv(fd, into, 3, 20));
    REPORT(preadv(fd, into, 0, 0));
    REPORT(preadv(fd, into, 3, -1));
    REPORT(pwritev(fd, out, 3, -1));
    REPORT(lseek(fd, 15, SEEK_SET));
    REPORT(readv(fd, into, 3));
    REPORT(readv(fd, into, 3));
    REPORT(lseek(fd, 0, SEEK_CUR));
    close(fd);
    REPORT(unlink(path));
}

int main(int argc, char** argv) {
    if (argc != 2) {
        return 2;
    }
    ignore_broken_pipes();
    full_pipes();
    buffers_of_pipes();
    a_peer_that_closes();
    a_peer_that_ends_its_half();
    a_peer_that_resets();
    a_full_pair();
    buffers_of_files(argv[1]);
    return 0;
}
