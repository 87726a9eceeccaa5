// System calls of a guest with 64-bit addresses (wasix_64v1), without libc. Exits with 0, or with
// the line of the first check that fails. Arguments: `first second`, a directory as /d, the
// network.

#include <stddef.h>
#include <stdint.h>

#define CALL(name) __attribute__((import_module("wasix_64v1"), import_name(#name)))
typedef uint16_t error_t;

CALL(args_sizes_get) error_t args_sizes_get(size_t* count, size_t* bytes);
CALL(args_get) error_t args_get(char** argv, char* bytes);
CALL(fd_write) error_t fd_write(int fd, const void* iovs, size_t count, size_t* written);
CALL(fd_read) error_t fd_read(int fd, const void* iovs, size_t count, size_t* read);
CALL(fd_pipe) error_t fd_pipe(int* read_end, int* write_end);
CALL(fd_seek) error_t fd_seek(int fd, int64_t offset, int whence, uint64_t* at);
CALL(fd_prestat_get) error_t fd_prestat_get(int fd, void* prestat);
CALL(fd_prestat_dir_name) error_t fd_prestat_dir_name(int fd, char* name, uint32_t bytes);
CALL(fd_readdir)
error_t fd_readdir(int fd, void* entries, uint32_t bytes, uint64_t cookie, size_t* used);
CALL(path_open)
error_t path_open(int dir, int dirflags, const char* path, size_t bytes, int oflags,
                  uint64_t rights, uint64_t inheriting, int flags, int* fd);
CALL(getcwd) error_t getcwd(char* path, size_t* bytes);
CALL(random_get) error_t random_get(void* buffer, uint32_t bytes);
CALL(clock_time_get) error_t clock_time_get(int clock, uint64_t precision, uint64_t* time);
CALL(poll_oneoff) error_t poll_oneoff(const void* in, void* out, uint32_t count, size_t* events);
CALL(epoll_create) error_t epoll_create(int* fd);
CALL(epoll_ctl) error_t epoll_ctl(int epfd, uint32_t op, int fd, const void* event);
CALL(epoll_wait)
error_t epoll_wait(int epfd, void* events, uint32_t most, uint64_t timeout, size_t* count);
CALL(sock_open) error_t sock_open(int family, int type, int protocol, int* fd);
CALL(sock_bind) error_t sock_bind(int fd, const void* address);
CALL(sock_listen) error_t sock_listen(int fd, uint32_t backlog);
CALL(sock_connect) error_t sock_connect(int fd, const void* address);
CALL(sock_addr_local) error_t sock_addr_local(int fd, void* address);
CALL(sock_accept_v2) error_t sock_accept_v2(int fd, int flags, int* accepted, void* address);
CALL(sock_send) error_t sock_send(int fd, const void* iovs, size_t count, int flags, size_t* sent);
CALL(sock_recv)
error_t sock_recv(int fd, const void* iovs, size_t count, int flags, size_t* received,
                  uint16_t* out_flags);
CALL(futex_wake) error_t futex_wake(uint32_t* word, uint8_t* woken);
CALL(callback_signal) void callback_signal(const char* name, size_t bytes);
CALL(proc_raise) error_t proc_raise(int signal);
CALL(proc_exit2) _Noreturn void proc_exit2(uint32_t code);
// Names that only preview1 has are taken with 64-bit addresses, too.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) error_t
preview1_fd_write(int fd, const void* iovs, size_t count, size_t* written);

enum { kBadf = 8, kRange = 68, kMemviolation = 78 };

struct iovec {
    const void* buf;
    uint32_t len;
    uint32_t padding;  // may hold anything
};
struct epoll_event {
    uint32_t events;
    void* ptr;
    int fd;
    uint32_t data1;
    uint64_t data2;
};

#define CHECK(condition)                                       \
    do {                                                       \
        if (!(condition)) {                                    \
            proc_exit2(__LINE__ & 0xff ? __LINE__ & 0xff : 1); \
        }                                                      \
    } while (0)

static size_t length(const char* text) {
    size_t count = 0;
    while (text[count] != 0) {
        ++count;
    }
    return count;
}

static int equal(const char* one, const char* other, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        if (one[i] != other[i]) {
            return 0;
        }
    }
    return 1;
}

static const struct iovec* buffer(struct iovec* entry, const void* bytes, uint32_t count) {
    *entry = (struct iovec){bytes, count, 0xdeadbeef};
    return entry;
}

static void arguments(void) {
    size_t count = 77;
    size_t bytes = (size_t)-1;  // all eight bytes of a size are written
    CHECK(args_sizes_get(&count, &bytes) == 0);
    CHECK(count == 3 && bytes < 4096);
    char* argv[3];
    char text[4096];
    CHECK(args_get(argv, text) == 0);
    CHECK(argv[0] == text);
    CHECK(equal(argv[1], "first", 6) && equal(argv[2], "second", 7));
}

// Buffers, iovecs and results above 4 GiB, and addresses outside the memory.
static void far(void) {
    const size_t kPage = 65536;
    const size_t pages = __builtin_wasm_memory_grow(0, 65537);
    CHECK(pages != (size_t)-1);
    char* const end = (char*)((pages + 65537) * kPage);
    CHECK((uintptr_t)end > (uintptr_t)1 << 32);
    char* const high = end - kPage;
    struct iovec* const entry = (struct iovec*)(high + 64);
    size_t* const moved = (size_t*)(high + 128);
    int fds[2];
    CHECK(fd_pipe(&fds[0], &fds[1]) == 0);
    high[0] = 'h';
    high[1] = 'i';
    CHECK(fd_write(fds[1], buffer(entry, high, 2), 1, moved) == 0 && *moved == 2);
    CHECK(preview1_fd_write(fds[1], entry, 1, moved) == 0 && *moved == 2);
    CHECK(fd_read(fds[0], buffer(entry, high + 512, 100), 1, moved) == 0 && *moved == 4);
    CHECK(equal(high + 512, "hihi", 4));
    CHECK(random_get(end - 8, 8) == 0);
    CHECK(random_get(end - 8, 9) == kMemviolation);
    CHECK(random_get(end, 0) == 0);
    CHECK(random_get((void*)-8, 16) == kMemviolation);  // wraps
    CHECK(random_get(high, (uint32_t)-1) == kMemviolation);
    CHECK(fd_write(fds[1], entry, (size_t)1 << 60, moved) ==
          kMemviolation);  // wraps when multiplied
    CHECK(fd_write(fds[1], (void*)((uintptr_t)1 << 63), 1, moved) == kMemviolation);
    CHECK(fd_write(fds[1], buffer(entry, (void*)((uintptr_t)high | (uintptr_t)1 << 48), 2), 1,
                   moved) == kMemviolation);
    CHECK(fd_write(fds[1], buffer(entry, high, 2), 1, (size_t*)(end - 4)) == kMemviolation);
    CHECK(clock_time_get(1, 0, (uint64_t*)(end - 7)) == kMemviolation);
}

static void files(void) {
    uint32_t prestat[2];
    CHECK(fd_prestat_get(3, prestat) == 0 && (prestat[0] & 0xff) == 0 && prestat[1] == 2);
    CHECK(fd_prestat_get(4, prestat) == kBadf);
    char name[8];
    CHECK(fd_prestat_dir_name(3, name, sizeof name) == 0 && equal(name, "/d", 2));
    int file = -1;
    const uint64_t all = ~(uint64_t)0;
    CHECK(path_open(3, 1, "wide", 4, 1 /* creat */, all, all, 0, &file) == 0);
    struct iovec entries[2];
    size_t moved = (size_t)-1;
    buffer(&entries[0], "hello ", 6);
    buffer(&entries[1], "world", 5);
    CHECK(fd_write(file, entries, 2, &moved) == 0 && moved == 11);
    uint64_t at = 99;
    CHECK(fd_seek(file, 6, 0, &at) == 0 && at == 6);
    char text[16];
    CHECK(fd_read(file, buffer(&entries[0], text, sizeof text), 1, &moved) == 0 && moved == 5);
    CHECK(equal(text, "world", 5));
    char listing[512];
    CHECK(fd_readdir(3, listing, sizeof listing, 0, &moved) == 0);
    CHECK(moved >= 3 * 24 + 1 + 2 + 4 && moved < sizeof listing);
    size_t bytes = 1;
    CHECK(getcwd(text, &bytes) == kRange && bytes == 2);
    CHECK(getcwd(text, &bytes) == 0 && bytes == 1 && text[0] == '/');
}

static void waiting(void) {
    struct {
        uint64_t userdata;
        uint8_t type;
        _Alignas(8) uint32_t clock;
        uint64_t timeout;
        uint64_t precision;
        uint16_t flags;
    } subscription = {7, 0, 1, 1000, 0, 0};
    struct {
        uint64_t userdata;
        uint16_t error;
        uint8_t type;
        uint64_t bytes;
        uint64_t flags;
    } event = {0};
    size_t count = (size_t)-1;
    CHECK(poll_oneoff(&subscription, &event, 1, &count) == 0);
    CHECK(count == 1 && event.userdata == 7 && event.error == 0 && event.type == 0);
    int epoll = -1;
    int fds[2];
    CHECK(epoll_create(&epoll) == 0 && fd_pipe(&fds[0], &fds[1]) == 0);
    struct epoll_event wanted = {1, &wanted, fds[0], 5, ~(uint64_t)0};
    CHECK(epoll_ctl(epoll, 1, fds[0], &wanted) == 0);
    struct iovec entry;
    CHECK(fd_write(fds[1], buffer(&entry, "x", 1), 1, &count) == 0);
    struct epoll_event got = {0};
    CHECK(epoll_wait(epoll, &got, 1, ~(uint64_t)0, &count) == 0 && count == 1);
    CHECK(got.events == 1 && got.ptr == &wanted && got.fd == fds[0] && got.data1 == 5);
    CHECK(got.data2 == ~(uint64_t)0);
}

static void sockets(void) {
    int listener = -1;
    int client = -1;
    int server = -1;
    uint8_t address[110] = {1, 0, 0, 0, 127, 0, 0, 1};
    CHECK(sock_open(1, 1, 0, &listener) == 0 && sock_open(1, 1, 0, &client) == 0);
    CHECK(sock_bind(listener, address) == 0 && sock_listen(listener, 5) == 0);
    CHECK(sock_addr_local(listener, address) == 0);
    CHECK(sock_connect(client, address) == 0);
    uint8_t peer[110];
    CHECK(sock_accept_v2(listener, 0, &server, peer) == 0);
    CHECK(peer[0] == 1 && peer[4] == 127);
    struct iovec entry;
    size_t moved = (size_t)-1;
    CHECK(sock_send(client, buffer(&entry, "ping", 4), 1, 0, &moved) == 0 && moved == 4);
    char text[8];
    uint16_t flags = 9;
    moved = (size_t)-1;
    CHECK(sock_recv(server, buffer(&entry, text, sizeof text), 1, 0, &moved, &flags) == 0);
    CHECK(moved == 4 && flags == 0 && equal(text, "ping", 4));
}

static volatile int handled;
__attribute__((export_name("on_signal"))) void on_signal(int number) { handled = number; }

__attribute__((export_name("_start"))) void start(void) {
    arguments();
    far();
    files();
    waiting();
    sockets();
    static uint32_t word;
    uint8_t woken = 0;
    CHECK(futex_wake(&word, &woken) == 0);
    callback_signal("on_signal", length("on_signal"));
    CHECK(proc_raise(10) == 0 && handled == 10);
    proc_exit2(0);
}
