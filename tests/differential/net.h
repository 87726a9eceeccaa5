#pragma once

// The sockets that the programs here need, on Linux by its calls and in a guest by WASIX's.

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#ifdef __wasi__

#include <fcntl.h>

#define NET_IMPORT(name) __attribute__((import_module("wasix_32v1"), import_name(name)))
NET_IMPORT("sock_open") uint32_t wx_open(uint32_t, uint32_t, uint32_t, void*);
NET_IMPORT("sock_bind") uint32_t wx_bind(int, const void*);
NET_IMPORT("sock_listen") uint32_t wx_listen(int, uint32_t);
NET_IMPORT("sock_connect") uint32_t wx_connect(int, const void*);
NET_IMPORT("sock_accept_v2") uint32_t wx_accept(int, uint32_t, void*, void*);
NET_IMPORT("sock_addr_local") uint32_t wx_local(int, void*);
NET_IMPORT("sock_addr_peer") uint32_t wx_peer(int, void*);
NET_IMPORT("sock_send_to")
uint32_t wx_send_to(int, const void*, uint32_t, uint32_t, const void*, void*);
NET_IMPORT("sock_recv_from")
uint32_t wx_recv_from(int, const void*, uint32_t, uint32_t, void*, void*, void*);
NET_IMPORT("sock_send") uint32_t wx_send(int, const void*, uint32_t, uint32_t, void*);
NET_IMPORT("sock_recv") uint32_t wx_recv(int, const void*, uint32_t, uint32_t, void*, void*);
NET_IMPORT("sock_shutdown") uint32_t wx_shutdown(int, uint32_t);
NET_IMPORT("sock_set_opt_flag") uint32_t wx_set_flag(int, uint32_t, uint32_t);
NET_IMPORT("sock_get_opt_flag") uint32_t wx_get_flag(int, uint32_t, void*);
NET_IMPORT("sock_pair") uint32_t wx_pair(uint32_t, uint32_t, uint32_t, void*, void*);
NET_IMPORT("sock_set_opt_time") uint32_t wx_set_time(int, uint32_t, const void*);

struct net_address {
    uint8_t tag;
    uint8_t pad;
    uint16_t port;
    uint8_t octets[4];
    uint8_t rest[104];
};
struct net_vector {
    void* data;
    uint32_t bytes;
};
__attribute__((unused)) static int net_result(uint32_t error) {
    errno = (int)error;
    return error == 0 ? 0 : -1;
}
__attribute__((unused)) static struct net_address net_loopback(int port) {
    struct net_address address = {1, 0, (uint16_t)port, {127, 0, 0, 1}, {0}};
    return address;
}
__attribute__((unused)) static int net_socket(int stream) {
    int fd = -1;
    return net_result(wx_open(1, stream ? 1 : 2, 0, &fd)) == 0 ? fd : -1;
}
__attribute__((unused)) static int net_bind(int fd, int port) {
    const struct net_address address = net_loopback(port);
    return net_result(wx_bind(fd, &address));
}
__attribute__((unused)) static int net_listen_for(int fd, int backlog) {
    return net_result(wx_listen(fd, (uint32_t)backlog));
}
__attribute__((unused)) static int net_connect(int fd, int port) {
    const struct net_address address = net_loopback(port);
    return net_result(wx_connect(fd, &address));
}
__attribute__((unused)) static int net_accept(int fd) {
    int accepted = -1;
    struct net_address address;
    return net_result(wx_accept(fd, 0, &accepted, &address)) == 0 ? accepted : -1;
}
__attribute__((unused)) static int net_port(int fd, int peer) {
    struct net_address address;
    return net_result(peer ? wx_peer(fd, &address) : wx_local(fd, &address)) == 0 ? address.port
                                                                                  : -1;
}
__attribute__((unused)) static ssize_t net_send(int fd, const void* data, size_t bytes) {
    const struct net_vector vector = {(void*)data, bytes};
    uint32_t count = 0;
    return net_result(wx_send(fd, &vector, 1, 0, &count)) == 0 ? (ssize_t)count : -1;
}
__attribute__((unused)) static ssize_t net_recv(int fd, void* data, size_t bytes, int peek) {
    const struct net_vector vector = {data, bytes};
    uint32_t count = 0;
    uint16_t flags = 0;
    return net_result(wx_recv(fd, &vector, 1, peek ? 1 : 0, &count, &flags)) == 0 ? (ssize_t)count
                                                                                  : -1;
}
__attribute__((unused)) static ssize_t net_send_to(int fd, const void* data, size_t bytes,
                                                   int port) {
    const struct net_vector vector = {(void*)data, bytes};
    const struct net_address address = net_loopback(port);
    uint32_t count = 0;
    return net_result(wx_send_to(fd, &vector, 1, 0, &address, &count)) == 0 ? (ssize_t)count : -1;
}
__attribute__((unused)) static ssize_t net_recv_from(int fd, void* data, size_t bytes, int* port,
                                                     int* cut) {
    const struct net_vector vector = {data, bytes};
    struct net_address address;
    uint32_t count = 0;
    uint16_t flags = 0;
    if (net_result(wx_recv_from(fd, &vector, 1, 0, &count, &flags, &address)) != 0) {
        return -1;
    }
    *port = address.port;
    *cut = flags & 1;
    return (ssize_t)count;
}
__attribute__((unused)) static int net_shutdown(int fd, int reads, int writes) {
    return net_result(wx_shutdown(fd, (reads ? 1 : 0) | (writes ? 2 : 0)));
}
__attribute__((unused)) static int net_nodelay(int fd, int set) {
    uint8_t value = 0;
    if (set) {
        return net_result(wx_set_flag(fd, 3, 1));
    }
    return net_result(wx_get_flag(fd, 3, &value)) == 0 ? value : -1;
}
__attribute__((unused)) static int net_time(int fd, uint32_t option, uint64_t milliseconds) {
    const struct {
        uint8_t tag;
        uint64_t value;
    } time = {1, milliseconds * 1000000};
    return net_result(wx_set_time(fd, option, &time));
}
__attribute__((unused)) static int net_timeout(int fd, unsigned milliseconds) {
    return net_time(fd, 19, milliseconds);
}
__attribute__((unused)) static int net_linger(int fd, unsigned seconds) {
    return net_time(fd, 13, seconds * 1000);
}
__attribute__((unused)) static int net_pair(int fds[2]) {
    return net_result(wx_pair(3, 1, 0, &fds[0], &fds[1]));
}

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

__attribute__((unused)) static struct sockaddr_in net_loopback(int port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
__attribute__((unused)) static int net_socket(int stream) {
    return socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
}
__attribute__((unused)) static int net_bind(int fd, int port) {
    const struct sockaddr_in address = net_loopback(port);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, (const struct sockaddr*)&address, sizeof address);
}
__attribute__((unused)) static int net_listen_for(int fd, int backlog) {
    return listen(fd, backlog);
}
__attribute__((unused)) static int net_connect(int fd, int port) {
    const struct sockaddr_in address = net_loopback(port);
    return connect(fd, (const struct sockaddr*)&address, sizeof address);
}
__attribute__((unused)) static int net_accept(int fd) { return accept(fd, NULL, NULL); }
__attribute__((unused)) static int net_port(int fd, int peer) {
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    const int result = peer ? getpeername(fd, (struct sockaddr*)&address, &bytes)
                            : getsockname(fd, (struct sockaddr*)&address, &bytes);
    return result == 0 ? ntohs(address.sin_port) : -1;
}
__attribute__((unused)) static ssize_t net_send(int fd, const void* data, size_t bytes) {
    return send(fd, data, bytes, MSG_NOSIGNAL);
}
__attribute__((unused)) static ssize_t net_recv(int fd, void* data, size_t bytes, int peek) {
    return recv(fd, data, bytes, peek ? MSG_PEEK : 0);
}
__attribute__((unused)) static ssize_t net_send_to(int fd, const void* data, size_t bytes,
                                                   int port) {
    const struct sockaddr_in address = net_loopback(port);
    return sendto(fd, data, bytes, MSG_NOSIGNAL, (const struct sockaddr*)&address, sizeof address);
}
__attribute__((unused)) static ssize_t net_recv_from(int fd, void* data, size_t bytes, int* port,
                                                     int* cut) {
    struct sockaddr_in address;
    struct iovec vector = {data, bytes};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &vector, .msg_iovlen = 1};
    const ssize_t count = recvmsg(fd, &message, 0);
    *port = ntohs(address.sin_port);
    *cut = (message.msg_flags & MSG_TRUNC) != 0;
    return count;
}
__attribute__((unused)) static int net_shutdown(int fd, int reads, int writes) {
    return shutdown(fd, reads && writes ? SHUT_RDWR : reads ? SHUT_RD : SHUT_WR);
}
__attribute__((unused)) static int net_nodelay(int fd, int set) {
    int value = 1;
    socklen_t bytes = sizeof value;
    if (set) {
        return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
    }
    return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &bytes) == 0 ? value != 0 : -1;
}
__attribute__((unused)) static int net_linger(int fd, unsigned seconds) {
    const struct linger linger = {1, (int)seconds};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}
__attribute__((unused)) static int net_pair(int fds[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}
__attribute__((unused)) static int net_timeout(int fd, unsigned milliseconds) {
    const struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

#endif

__attribute__((unused)) static int net_listen(int fd) { return net_listen_for(fd, 16); }
