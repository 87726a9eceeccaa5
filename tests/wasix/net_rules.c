// `net_rules TCP DENIED_TCP UDP DENIED_UDP`: ports of 127.0.0.1 where the test listens, with
//   ipv4:allow=127.0.0.1:{TCP,UDP}/out, ipv4:allow=127.0.0.1:0/in, ipv4:deny=127.0.0.2:*/in,
//   dns:allow=localhost:DENIED_TCP
// Whichever way an address is written, what may not be reached is not. At the end it prints the
// port where it listens, and accepts one connection: the test's first one comes from 127.0.0.2.

#include <unistd.h>

#include "../../guests/wasix.h"
#include "check.h"

enum { kInet4 = 1, kInet6 = 2, kUnix = 3, kStream = 1, kDatagram = 2, kPerm = 63 };

static uint32_t at(const void* pointer) { return WASIX_PTR(pointer); }

static struct wasix_address_port inet4(const uint8_t octets[4], int port) {
    struct wasix_address_port address = {kInet4, 0, {(uint8_t)port, (uint8_t)(port >> 8)}, {0}};
    memcpy(address.octets, octets, 4);
    return address;
}

/// The address as IPv6 sockets see it.
static struct wasix_address_port mapped(const uint8_t octets[4], int port) {
    struct wasix_address_port address = {kInet6, 0, {(uint8_t)port, (uint8_t)(port >> 8)}, {0}};
    address.octets[10] = address.octets[11] = 0xff;
    memcpy(address.octets + 12, octets, 4);
    return address;
}

static const uint8_t kLoopback[4] = {127, 0, 0, 1};
static const uint8_t kAny[4] = {0, 0, 0, 0};

static uint32_t open_socket(int family, int type) {
    uint32_t fd = 0;
    CHECK(wasix_sock_open(family, type, 0, at(&fd)) == 0);
    return fd;
}

static uint32_t connecting(int family, int type, struct wasix_address_port address) {
    const uint32_t fd = open_socket(family, type);
    const uint32_t error = wasix_sock_connect(fd, at(&address));
    CHECK(close((int)fd) == 0);
    return error;
}

static uint32_t binding(int family, int type, struct wasix_address_port address) {
    const uint32_t fd = open_socket(family, type);
    const uint32_t error = wasix_sock_bind(fd, at(&address));
    CHECK(close((int)fd) == 0);
    return error;
}

static const struct wasix_buffer* message(void) {
    static struct wasix_buffer buffer;
    buffer = (struct wasix_buffer){at("x"), 1};
    return &buffer;
}

/// By both calls that take an address: they must agree.
static uint32_t sending(uint32_t fd, struct wasix_address_port address) {
    uint32_t sent = 0;
    const uint32_t error = wasix_sock_send_to(fd, at(message()), 1, 0, at(&address), at(&sent));
    CHECK(wasix_sock_send_msg(fd, at(message()), 1, 0, at(&address), 0, 0, at(&sent)) == error);
    return error;
}

static void connections(int tcp, int denied) {
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, tcp)) == 0);
    CHECK(connecting(kInet6, kStream, mapped(kLoopback, tcp)) == 0);
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, denied)) == kPerm);
    CHECK(connecting(kInet6, kStream, mapped(kLoopback, denied)) == kPerm);
    CHECK(connecting(kInet4, kStream, inet4(kAny, denied)) == kPerm);  // is this machine
    CHECK(connecting(kInet6, kStream, mapped(kAny, denied)) == kPerm);
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, 0)) == kPerm);
    const struct wasix_address_port any6 = {kInet6, 0, {(uint8_t)tcp, (uint8_t)(tcp >> 8)}, {0}};
    CHECK(connecting(kInet6, kStream, any6) == kPerm);
    struct wasix_address_port one6 = any6;
    one6.octets[15] = 1;
    CHECK(connecting(kInet6, kStream, one6) == kPerm);
}

static void datagrams(int udp, int denied) {
    const uint32_t fd = open_socket(kInet4, kDatagram);
    CHECK(sending(fd, inet4(kLoopback, udp)) == 0);
    CHECK(sending(fd, inet4(kLoopback, denied)) == kPerm);
    CHECK(sending(fd, inet4(kAny, denied)) == kPerm);
    struct wasix_address_port address = inet4(kLoopback, denied);
    CHECK(wasix_sock_connect(fd, at(&address)) == kPerm);
    address = inet4(kLoopback, udp);
    CHECK(wasix_sock_connect(fd, at(&address)) == 0);
    uint32_t sent = 0;
    CHECK(wasix_sock_send(fd, at(message()), 1, 0, at(&sent)) == 0 && sent == 1);
    CHECK(sending(fd, inet4(kLoopback, denied)) == kPerm);  // an address beats the connected one
    CHECK(wasix_sock_send(fd, at(message()), 1, 0, at(&sent)) == 0);
    CHECK(close((int)fd) == 0);
    const uint32_t both = open_socket(kInet6, kDatagram);
    CHECK(sending(both, mapped(kLoopback, udp)) == 0);
    CHECK(sending(both, mapped(kLoopback, denied)) == kPerm);
    CHECK(close((int)both) == 0);
}

static void addresses_of_its_own(int denied) {
    const uint8_t other[4] = {127, 0, 0, 2};
    for (int type = kStream; type <= kDatagram; ++type) {
        CHECK(binding(kInet4, type, inet4(kLoopback, 0)) == 0);
        CHECK(binding(kInet6, type, mapped(kLoopback, 0)) == 0);
        CHECK(binding(kInet4, type, inet4(kLoopback, denied)) == kPerm);
        CHECK(binding(kInet4, type, inet4(kAny, 0)) == kPerm);
        CHECK(binding(kInet4, type, inet4(other, 0)) == kPerm);
        CHECK(binding(kInet6, type, mapped(other, 0)) == kPerm);
        CHECK(binding(kInet6, type, mapped(kAny, 0)) == kPerm);
    }
    // Listening without binding would be listening anywhere.
    const uint32_t fd = open_socket(kInet4, kStream);
    CHECK(wasix_sock_listen(fd, 5) != 0);
    CHECK(close((int)fd) == 0);
}

static void names(int tcp, int allowed_by_name) {
    uint8_t found[4][18];
    uint32_t count = 0;
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, allowed_by_name)) == kPerm);
    CHECK(wasix_resolve(at("other.invalid"), 13, 0, at(found), 4, at(&count)) == kPerm);
    CHECK(wasix_resolve(at("localhost.other.invalid"), 23, 0, at(found), 4, at(&count)) == kPerm);
    CHECK(wasix_resolve(at("LocalHost"), 9, 0, at(found), 4, at(&count)) == 0 && count != 0);
    // What it resolved to, but at no other port.
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, allowed_by_name)) == 0);
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, allowed_by_name == 9 ? 10 : 9)) == kPerm);
    CHECK(connecting(kInet4, kStream, inet4(kLoopback, tcp)) == 0);
}

static void connections_to_it(void) {
    const uint32_t listener = open_socket(kInet4, kStream);
    struct wasix_address_port address = inet4(kLoopback, 0);
    CHECK(wasix_sock_bind(listener, at(&address)) == 0 && wasix_sock_listen(listener, 5) == 0);
    CHECK(wasix_sock_addr_local(listener, at(&address)) == 0);
    printf("listening %d\n", address.port[0] | address.port[1] << 8);
    fflush(stdout);
    uint32_t fd = 0;
    CHECK(wasix_sock_accept_v2(listener, 0, at(&fd), at(&address)) == 0);
    CHECK(memcmp(address.octets, kLoopback, 4) == 0);  // and not 127.0.0.2, which came before
    CHECK(write((int)fd, "welcome", 7) == 7);
}

int main(int argc, char** argv) {
    CHECK(argc == 5);
    const int tcp = atoi(argv[1]);
    const int denied_tcp = atoi(argv[2]);
    connections(tcp, denied_tcp);
    datagrams(atoi(argv[3]), atoi(argv[4]));
    addresses_of_its_own(denied_tcp);
    names(tcp, denied_tcp);
    uint32_t fd = 0;
    CHECK(wasix_sock_open(kUnix, kStream, 0, at(&fd)) == kPerm);  // no rule speaks of them
    connections_to_it();
    return 0;
}
