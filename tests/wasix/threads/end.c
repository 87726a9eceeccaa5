// `end WHO HOW STATE`: threads are in STATE when the process ends. WHO ends it: `main`, or `other`
// while the main thread is in STATE. HOW: exit with 7, trap, return from main with 7, or signal
// (SIGTERM without a callback). The test looks at the exit code.

#include <fcntl.h>
#include <sys/stat.h>

#include "threads.h"

struct event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint8_t padding[21];
};
struct subscription {
    uint64_t userdata;
    uint8_t type;
    uint8_t padding[7];
    uint32_t fd;
    uint8_t more[28];
};

static const char* g_state;
static _Atomic(int) g_ready;
static _Atomic(int) g_word;
static volatile uint32_t g_sink;
static _Atomic(uint32_t) g_other;

static uint32_t listener(void) {
    uint32_t fd = 0;
    const uint8_t address[110] = {1, 0, 0, 0, 127, 0, 0, 1};
    CHECK(wasix_sock_open(1, 1, 6, WASIX_PTR(&fd)) == 0);
    CHECK(wasix_sock_bind(fd, WASIX_PTR(address)) == 0);
    CHECK(wasix_sock_listen(fd, 8) == 0);
    return fd;
}

static int is(const char* state) { return strcmp(g_state, state) == 0; }

/// Never comes back.
static void be_in_state(void) {
    uint32_t ends[2] = {0, 0};
    uint8_t byte = 0;
    uint32_t count = 0;
    struct iovec_ {
        uint32_t address;
        uint32_t bytes;
    } buffer = {WASIX_PTR(&byte), 1};
    CHECK(wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1])) == 0);
    atomic_fetch_add(&g_ready, 1);
    if (is("compute")) {
        for (;;) {
            ++g_sink;
        }
    } else if (is("futex")) {
        for (;;) {
            futex_wait(&g_word, 0, -1);
        }
    } else if (is("wait32")) {
        for (;;) {
            __builtin_wasm_memory_atomic_wait32((int*)&g_word, 0, -1);
        }
    } else if (is("sleep")) {
        for (;;) {
            sleep_ms(3600 * 1000);
        }
    } else if (is("pipe")) {
        wasix_fd_read(ends[0], WASIX_PTR(&buffer), 1, WASIX_PTR(&count));
    } else if (is("accept")) {
        uint8_t address[110];
        wasix_sock_accept(listener(), 0, WASIX_PTR(&count), WASIX_PTR(address));
    } else if (is("recv")) {
        uint16_t flags = 0;
        uint32_t pair[2];
        CHECK(wasix_sock_pair(3, 1, 0, WASIX_PTR(&pair[0]), WASIX_PTR(&pair[1])) == 0);
        wasix_sock_recv(pair[0], WASIX_PTR(&buffer), 1, 0, WASIX_PTR(&count), WASIX_PTR(&flags));
    } else if (is("poll")) {
        struct subscription wanted = {0};
        struct event event;
        wanted.type = 1;
        wanted.fd = ends[0];
        wasix_poll_oneoff(WASIX_PTR(&wanted), WASIX_PTR(&event), 1, WASIX_PTR(&count));
    } else if (is("epoll")) {
        uint32_t epoll = 0;
        uint8_t events[32];
        CHECK(wasix_epoll_create(WASIX_PTR(&epoll)) == 0);
        wasix_epoll_wait(epoll, WASIX_PTR(events), 1, UINT64_MAX, WASIX_PTR(&count));
    } else if (is("join")) {
        wasix_thread_join(atomic_load(&g_other));
    } else if (is("fifo")) {
        open("/d/fifo", O_RDONLY);
    } else {
        CHECK(!"a state");
    }
    CHECK(!"comes back");
}

static void stay(void* argument) {
    (void)argument;
    be_in_state();
}

static void end_it(const char* how) {
    sleep_ms(20);  // until the others are in their state
    if (strcmp(how, "exit") == 0) {
        wasix_proc_exit(7);
    } else if (strcmp(how, "trap") == 0) {
        __builtin_trap();
    } else {
        wasix_proc_signal(1, 15);
        for (;;) {
        }
    }
}

static void end_after_main(void* how) {
    while (atomic_load(&g_ready) == 0) {
        sleep_ms(1);
    }
    end_it(how);
}

static void stay_forever(void* argument) {
    (void)argument;
    for (;;) {
        futex_wait(&g_word, 0, -1);
    }
}

int main(int argc, char** argv) {
    CHECK(argc == 4);
    g_state = argv[3];
    atomic_store(&g_other, thread_start(stay_forever, NULL)->tid);
    if (strcmp(argv[1], "other") == 0) {
        thread_start(end_after_main, argv[2]);
        be_in_state();
    }
    for (int i = 0; i < 3; ++i) {
        thread_start(stay, NULL);
    }
    while (atomic_load(&g_ready) != 3) {
        sleep_ms(1);
    }
    if (strcmp(argv[2], "return") == 0) {
        return 7;
    }
    end_it(argv[2]);
}
