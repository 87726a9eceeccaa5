// TCP and UDP on the loopback interface, both ends in this process.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"
#include "report.h"

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

static void show_poll(int fd, int events) {
    struct pollfd entry = {fd, (short)events, 0};
    const int count = poll(&entry, 1, 0);
    printf("poll: %d in %d out %d\n", count, (entry.revents & POLLIN) != 0,
           (entry.revents & POLLOUT) != 0);
}

static void streams(void) {
    char buffer[64] = {0};
    const int listener = net_socket(1);
    REPORT(net_bind(listener, 0));
    REPORT(net_bind(listener, 0));
    REPORT(net_listen(listener));
    const int port = net_port(listener, 0);
    SHOW(port > 0);
    const int again = net_socket(1);
    REPORT(net_bind(again, port));
    close(again);
    const int client = net_socket(1);
    REPORT(net_recv(client, buffer, 1, 0));
    REPORT(net_send(client, "x", 1));
    REPORT(net_port(client, 1));
    REPORT(net_shutdown(client, 1, 1));
    REPORT(net_connect(client, port));
    REPORT(net_connect(client, port));
    show_poll(listener, POLLIN);
    const int server = net_accept(listener);
    SHOW(server >= 0);
    SHOW(net_port(client, 1) == port);
    SHOW(net_port(server, 1) == net_port(client, 0));
    set_nonblocking(listener);
    REPORT(net_accept(listener));
    set_nonblocking(server);
    REPORT(net_recv(server, buffer, sizeof buffer, 0));
    show_poll(server, POLLIN | POLLOUT);
    REPORT(net_send(client, "hello", 5));
    poll(&(struct pollfd){server, POLLIN, 0}, 1, 1000);
    show_poll(server, POLLIN | POLLOUT);
    REPORT(net_recv(server, buffer, sizeof buffer, 1));
    REPORT(net_recv(server, buffer, 3, 0));
    REPORT(net_recv(server, buffer, sizeof buffer, 0));
    REPORT(read(server, buffer, sizeof buffer));
    REPORT(write(server, "answer", 6));
    REPORT(read(client, buffer, sizeof buffer));
    REPORT(net_nodelay(client, 0));
    REPORT(net_nodelay(client, 1));
    REPORT(net_nodelay(client, 0));
    REPORT(net_timeout(client, 20));
    REPORT(net_recv(client, buffer, 1, 0));
    REPORT(net_shutdown(client, 0, 1));
    REPORT(net_send(client, "x", 1));
    poll(&(struct pollfd){server, POLLIN, 0}, 1, 1000);
    REPORT(net_recv(server, buffer, sizeof buffer, 0));
    REPORT(net_send(server, "late", 4));
    REPORT(net_recv(client, buffer, sizeof buffer, 0));
    REPORT(lseek(client, 0, SEEK_SET));
    close(server);
    REPORT(net_recv(client, buffer, sizeof buffer, 0));
    close(client);
    close(listener);
    const int refused = net_socket(1);
    REPORT(net_connect(refused, port));
    close(refused);
}

static void a_reset(void) {
    char buffer[8];
    const int listener = net_socket(1);
    net_bind(listener, 0);
    net_listen(listener);
    const int client = net_socket(1);
    net_connect(client, net_port(listener, 0));
    const int server = net_accept(listener);
    REPORT(net_send(client, "unread", 6));
    poll(&(struct pollfd){server, POLLIN, 0}, 1, 1000);
    close(server);  // what was not read makes this a reset
    poll(&(struct pollfd){client, POLLIN, 0}, 1, 1000);
    REPORT(net_recv(client, buffer, sizeof buffer, 0));
    REPORT(net_send(client, "x", 1));
    close(client);
    close(listener);
}

static void datagrams(void) {
    char buffer[64];
    int port = 0;
    int cut = 0;
    const int a = net_socket(0);
    const int b = net_socket(0);
    REPORT(net_bind(a, 0));
    const int to = net_port(a, 0);
    REPORT(net_send(b, "x", 1));
    REPORT(net_send_to(b, "datagram", 8, to));
    REPORT(net_send_to(b, "", 0, to));
    REPORT(net_send_to(b, "third", 5, to));
    REPORT(net_recv_from(a, buffer, 4, &port, &cut));
    SHOW(cut);
    SHOW(port == net_port(b, 0));
    REPORT(net_recv_from(a, buffer, sizeof buffer, &port, &cut));
    SHOW(cut);
    REPORT(net_recv(a, buffer, sizeof buffer, 0));
    set_nonblocking(a);
    REPORT(net_recv(a, buffer, sizeof buffer, 0));
    REPORT(net_connect(b, to));
    REPORT(net_send(b, "connected", 9));
    REPORT(net_recv(a, buffer, sizeof buffer, 0));
    char* large = malloc(70000);
    memset(large, 0, 70000);
    REPORT(net_send(b, large, 70000));
    free(large);
    close(a);
    REPORT(net_send(b, "nobody", 6));
    REPORT(net_recv(b, buffer, sizeof buffer, 0));
    close(b);
}

static void others(void) {
    char buffer[8];
    REPORT(net_recv(99, buffer, 1, 0));
    REPORT(net_accept(1));
    REPORT(net_connect(0, 80));
    REPORT(net_listen(99));
}

int main(void) {
    streams();
    a_reset();
    datagrams();
    others();
    return 0;
}
