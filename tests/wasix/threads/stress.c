// `stress WHAT`: many of everything. None of it may lose a byte, a wake-up or a descriptor.

#include "threads.h"

enum {
    kIntr = 27,
    kAgain = 6,
    kMfile = 33,
    kNfile = 41,
    kReset = 15,
    kUsr1 = 10,
    kBadf = 8,
    kPipe = 64
};

static _Atomic(int) g_signals;

__attribute__((export_name("__wasm_signal"))) void on_signal(uint32_t number) {
    CHECK(number == kUsr1);
    atomic_fetch_add(&g_signals, 1);
}

static uint32_t read_some(uint32_t fd, void* to, uint32_t bytes, uint32_t* count) {
    const struct wasix_buffer buffer = {WASIX_PTR(to), bytes};
    uint32_t error = 0;
    do {
        error = wasix_fd_read(fd, WASIX_PTR(&buffer), 1, WASIX_PTR(count));
    } while (error == kIntr);
    return error;
}

static uint32_t write_some(uint32_t fd, const void* from, uint32_t bytes, uint32_t* count) {
    const struct wasix_buffer buffer = {WASIX_PTR(from), bytes};
    uint32_t error = 0;
    do {
        error = wasix_fd_write(fd, WASIX_PTR(&buffer), 1, WASIX_PTR(count));
    } while (error == kIntr);
    return error;
}

// ---- A storm of signals while threads hand over a mutex and bytes.

enum { kWorkers = 8, kRounds = 3000 };
static _Atomic(int) g_mutex;
static int g_guarded;
static uint32_t g_ends[2];

static void work(void* argument) {
    (void)argument;
    for (int round = 0; round < kRounds; ++round) {
        mutex_lock(&g_mutex);
        ++g_guarded;
        mutex_unlock(&g_mutex);
        uint32_t count = 0;
        CHECK(write_some(g_ends[1], "x", 1, &count) == 0 && count == 1);
    }
}

static void storm(void) {
    wasix_callback_signal(WASIX_PTR("__wasm_signal"), 13);
    CHECK(wasix_fd_pipe(WASIX_PTR(&g_ends[0]), WASIX_PTR(&g_ends[1])) == 0);
    CHECK(wasix_proc_raise_interval(kUsr1, 50000, 1) == 0);
    struct thread* threads[kWorkers];
    for (int i = 0; i < kWorkers; ++i) {
        threads[i] = thread_start(work, NULL);
    }
    for (int left = kWorkers * kRounds; left != 0;) {
        char bytes[64];
        uint32_t count = 0;
        CHECK(read_some(g_ends[0], bytes, sizeof bytes, &count) == 0);
        CHECK(count > 0);
        left -= (int)count;
        for (int i = 0; i < kWorkers; ++i) {
            wasix_thread_signal(threads[i]->tid, kUsr1);
        }
    }
    for (int i = 0; i < kWorkers; ++i) {
        while (wasix_thread_join(threads[i]->tid) == kIntr) {
        }
    }
    CHECK(wasix_proc_raise_interval(kUsr1, 0, 0) == 0);
    CHECK(g_guarded == kWorkers * kRounds);
    CHECK(g_signals > 0);
}

// ---- Descriptors: all of them, then a million in turn.

static void descriptors(void) {
    static uint32_t fds[70000];
    uint32_t count = 0;
    uint32_t error = 0;
    while ((error = wasix_fd_dup(0, WASIX_PTR(&fds[count]))) == 0) {
        CHECK(++count < 70000);
    }
    CHECK(error == kMfile);
    uint32_t ends[2];
    error = wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1]));
    CHECK(error == kMfile || error == kNfile);
    while (count != 0) {
        CHECK(wasix_fd_close(fds[--count]) == 0);
    }
    for (int i = 0; i < 1000000; ++i) {
        uint32_t fd = 0;
        CHECK(wasix_fd_dup(0, WASIX_PTR(&fd)) == 0);
        CHECK(fd == 3);
        CHECK(wasix_fd_close(fd) == 0);
    }
    for (int i = 0; i < 20000; ++i) {
        CHECK(wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1])) == 0);
        CHECK(ends[0] == 3 && ends[1] == 4);
        CHECK(wasix_fd_close(ends[0]) == 0 && wasix_fd_close(ends[1]) == 0);
    }
}

// ---- A thousand connections, served by one thread with epoll and used by the main one.

enum { kConnections = 1000, kMessages = 5 };

struct epoll_event {
    uint32_t events;
    uint32_t padding;
    uint32_t ptr;
    uint32_t fd;
    uint32_t data1;
    uint32_t padding1;
    uint64_t data2;
};

static uint32_t g_listener;
static _Atomic(int) g_closed;

static void serve(void* argument) {
    (void)argument;
    uint32_t epoll = 0;
    CHECK(wasix_epoll_create(WASIX_PTR(&epoll)) == 0);
    struct epoll_event event = {.events = 1, .fd = g_listener};
    CHECK(wasix_epoll_ctl(epoll, 1, g_listener, WASIX_PTR(&event)) == 0);
    for (int closed = 0; closed < kConnections;) {
        struct epoll_event ready[64];
        uint32_t count = 0;
        CHECK(wasix_epoll_wait(epoll, WASIX_PTR(ready), 64, UINT64_MAX, WASIX_PTR(&count)) == 0);
        for (uint32_t i = 0; i < count; ++i) {
            uint8_t address[110];
            uint32_t fd = ready[i].fd;
            if (fd == g_listener) {
                CHECK(wasix_sock_accept(g_listener, 0, WASIX_PTR(&fd), WASIX_PTR(address)) == 0);
                event = (struct epoll_event){.events = 1, .fd = fd};
                CHECK(wasix_epoll_ctl(epoll, 1, fd, WASIX_PTR(&event)) == 0);
                continue;
            }
            char bytes[64];
            uint32_t got = 0;
            const uint32_t error = read_some(fd, bytes, sizeof bytes, &got);
            if (error == 0 && got != 0) {
                uint32_t sent = 0;
                CHECK(write_some(fd, bytes, got, &sent) == 0 && sent == got);
                continue;
            }
            CHECK(error == 0 || error == kReset);
            CHECK(wasix_fd_close(fd) == 0);
            ++closed;
        }
    }
    atomic_store(&g_closed, 1);
}

static void connections(void) {
    static uint32_t fds[kConnections];
    uint8_t address[110] = {1, 0, 0, 0, 127, 0, 0, 1};
    CHECK(wasix_sock_open(1, 1, 6, WASIX_PTR(&g_listener)) == 0);
    CHECK(wasix_sock_bind(g_listener, WASIX_PTR(address)) == 0);
    CHECK(wasix_sock_listen(g_listener, 1024) == 0);
    CHECK(wasix_sock_addr_local(g_listener, WASIX_PTR(address)) == 0);
    struct thread* server = thread_start(serve, NULL);
    for (int i = 0; i < kConnections; ++i) {
        CHECK(wasix_sock_open(1, 1, 6, WASIX_PTR(&fds[i])) == 0);
        CHECK(wasix_sock_connect(fds[i], WASIX_PTR(address)) == 0);
    }
    for (int message = 0; message < kMessages; ++message) {
        for (int i = 0; i < kConnections; ++i) {
            const int number = message * kConnections + i;
            uint32_t count = 0;
            CHECK(write_some(fds[i], &number, sizeof number, &count) == 0);
        }
        for (int i = 0; i < kConnections; ++i) {
            int answer = 0;
            uint32_t count = 0;
            CHECK(read_some(fds[i], &answer, sizeof answer, &count) == 0);
            CHECK(count == sizeof answer && answer == message * kConnections + i);
        }
    }
    for (int i = 0; i < kConnections; ++i) {
        if (i % 3 == 0) {  // reset
            struct wasix_timeout none = {1, {0}, 0};
            CHECK(wasix_sock_set_opt_time(fds[i], 13, WASIX_PTR(&none)) == 0);
        } else if (i % 3 == 1) {  // half-closed: what follows is its answer
            CHECK(wasix_sock_shutdown(fds[i], 2) == 0);
            char byte = 0;
            uint32_t count = 9;
            CHECK(read_some(fds[i], &byte, 1, &count) == 0 && count == 0);
        }
        CHECK(wasix_fd_close(fds[i]) == 0);
    }
    thread_join(server);
    CHECK(g_closed == 1);
}

// ---- A descriptor closed while another thread is blocked on it stays open for that thread.

static _Atomic(int) g_in_time;

static void blocked(void* argument) {
    char byte = 0;
    uint32_t count = 0;
    const uint32_t error = read_some((uint32_t)(uintptr_t)argument, &byte, 1, &count);
    if (error == 0) {
        CHECK(count == 1 && byte == 'y');
        atomic_fetch_add(&g_in_time, 1);
    } else {
        CHECK(error == kBadf);  // it came after the close
    }
}

static void closing(void) {
    wasix_callback_signal(WASIX_PTR("none"), 4);  // a write for late threads raises no signal
    for (int round = 0; round < 100; ++round) {
        uint32_t ends[2];
        uint32_t count = 0;
        CHECK(wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1])) == 0);
        struct thread* thread = thread_start(blocked, (void*)(uintptr_t)ends[0]);
        sleep_ms(2);
        CHECK(wasix_fd_close(ends[0]) == 0);
        const uint32_t error = write_some(ends[1], "y", 1, &count);
        CHECK(error == 0 || error == kPipe);
        thread_join(thread);
        CHECK(wasix_fd_close(ends[1]) == 0);
    }
    CHECK(g_in_time > 0);
}

int main(int argc, char** argv) {
    CHECK(argc == 2);
    if (strcmp(argv[1], "storm") == 0) {
        storm();
    } else if (strcmp(argv[1], "descriptors") == 0) {
        descriptors();
    } else if (strcmp(argv[1], "connections") == 0) {
        connections();
    } else {
        closing();
    }
    write(1, "done\n", 5);
    return 0;
}
