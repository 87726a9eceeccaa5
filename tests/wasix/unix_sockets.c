// Unix sockets, named in the guest's directory: the arguments are `net`, `none` or `rules` for what
// the guest was given of the network, and that directory, which has links that lead out:
//   up -> ..        secret-socket -> a socket of the host outside

#include <sys/stat.h>
#include <unistd.h>

#include "../../guests/wasix.h"
#include "check.h"

enum {
    kUnix = 3,
    kStream = 1,
    kDatagram = 2,
    kNoent = 44,
    kNotcapable = 76,
    kNotsup = 58,
    kPerm = 63
};
enum { kAddrinuse = 3, kConnrefused = 14, kInval = 28 };

struct address {
    uint8_t tag;
    uint8_t padding;
    char path[108];
};

static uint32_t at(const void* pointer) { return (uint32_t)(uintptr_t)pointer; }

static struct address named(const char* directory, const char* name) {
    struct address address = {.tag = kUnix};
    snprintf(address.path, sizeof address.path, "%s/%s", directory, name);
    return address;
}

static uint32_t open_socket(int type) {
    uint32_t fd = 0;
    CHECK(wasix_sock_open(kUnix, type, 0, at(&fd)) == 0);
    return fd;
}

static void streams(const char* directory) {
    const struct address address = named(directory, "stream");
    const uint32_t listener = open_socket(kStream);
    const uint32_t client = open_socket(kStream);
    CHECK(wasix_sock_connect(client, at(&address)) == kNoent);
    CHECK(wasix_sock_bind(listener, at(&address)) == 0);
    CHECK(wasix_sock_connect(client, at(&address)) == kConnrefused);
    CHECK(wasix_sock_listen(listener, 5) == 0);
    CHECK(wasix_sock_connect(client, at(&address)) == 0);
    struct address name = {0};
    uint32_t server = 0;
    CHECK(wasix_sock_accept_v2(listener, 0, at(&server), at(&name)) == 0);
    CHECK(name.tag == kUnix && name.path[0] == 0);  // the client has no name
    CHECK(write((int)client, "ping", 4) == 4);
    char text[8];
    CHECK(read((int)server, text, sizeof text) == 4 && memcmp(text, "ping", 4) == 0);
    CHECK(wasix_sock_addr_local(listener, at(&name)) == 0 && strcmp(name.path, address.path) == 0);
    CHECK(wasix_sock_addr_peer(client, at(&name)) == 0 && strcmp(name.path, address.path) == 0);
    const uint32_t other = open_socket(kStream);
    CHECK(wasix_sock_bind(other, at(&address)) == kAddrinuse);
    struct stat status;
    CHECK(stat(address.path, &status) == 0);
    CHECK(unlink(address.path) == 0);
    CHECK(wasix_sock_connect(other, at(&address)) == kNoent);
}

static void datagrams(const char* directory) {
    const struct address to = named(directory, "to");
    const struct address from = named(directory, "from");
    const uint32_t receiver = open_socket(kDatagram);
    const uint32_t sender = open_socket(kDatagram);
    CHECK(wasix_sock_bind(receiver, at(&to)) == 0 && wasix_sock_bind(sender, at(&from)) == 0);
    const struct {
        uint32_t buffer;
        uint32_t bytes;
    } out = {at("dgram"), 5};
    uint32_t moved = 0;
    CHECK(wasix_sock_send_to(sender, at(&out), 1, 0, at(&to), at(&moved)) == 0 && moved == 5);
    char text[16];
    const struct {
        uint32_t buffer;
        uint32_t bytes;
    } in = {at(text), sizeof text};
    struct address name = {0};
    uint16_t flags = 0;
    CHECK(wasix_sock_recv_from(receiver, at(&in), 1, 0, at(&moved), at(&flags), at(&name)) == 0);
    CHECK(moved == 5 && memcmp(text, "dgram", 5) == 0);
    CHECK(name.tag == kUnix && strcmp(name.path, from.path) == 0);
    CHECK(wasix_sock_send_to(receiver, at(&out), 1, 0, at(&name), at(&moved)) == 0);
    CHECK(unlink(to.path) == 0 && unlink(from.path) == 0);
}

static void no_way_out(const char* directory) {
    const uint32_t fd = open_socket(kStream);
    struct address address = named(directory, "secret-socket");
    CHECK(wasix_sock_connect(fd, at(&address)) != 0);
    address = named(directory, "up/outside/socket");
    CHECK(wasix_sock_connect(fd, at(&address)) != 0);
    address = named(directory, "up/outside/new");
    CHECK(wasix_sock_bind(fd, at(&address)) != 0);
    address = (struct address){.tag = kUnix, .path = "/proc/self/fd/0"};
    CHECK(wasix_sock_connect(fd, at(&address)) != 0);
    address = (struct address){.tag = kUnix};  // without a name, and one that is no path
    CHECK(wasix_sock_bind(fd, at(&address)) == kInval);
    memcpy(address.path, "\0abstract", 9);
    CHECK(wasix_sock_connect(fd, at(&address)) == kInval);
    const struct {
        uint8_t tag, padding, rest[108];
    } inet = {1, 0, {0}};
    CHECK(wasix_sock_bind(fd, at(&inet)) == kInval);
}

int main(int argc, char** argv) {
    CHECK(argc == 3);
    if (strcmp(argv[1], "net") == 0) {
        streams(argv[2]);
        datagrams(argv[2]);
        no_way_out(argv[2]);
        return 0;
    }
    const struct address address = named(argv[2], "refused");
    uint32_t fd = 0;
    const uint32_t opened = wasix_sock_open(kUnix, kStream, 0, at(&fd));
    if (strcmp(argv[1], "rules") == 0) {
        CHECK(opened == kPerm);
    } else {
        CHECK(opened == 0 && wasix_sock_bind(fd, at(&address)) == kNotsup);
    }
    return 0;
}
