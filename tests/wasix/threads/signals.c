// Signals: raised, sent to a thread, to the process, by a timer; blocked; and in computing code.
// `signals wait`: writes `ready`, waits for SIGTERM in poll_oneoff, and exits with 3.

#include "threads.h"

enum { kHup = 1, kUsr1 = 10, kUsr2 = 12, kPipe = 13, kAlarm = 14, kTerm = 15, kIntr = 27 };

static _Atomic(int) counts[64];
static _Atomic(int) latest_tid;

static int raises_again;  // how often the handler of kUsr1 raises it
static int depth;
static int most_depth;

__attribute__((export_name("__wasm_signal"))) void on_signal(uint32_t number) {
    most_depth = ++depth > most_depth ? depth : most_depth;
    if (number == kUsr1 && raises_again > 0) {
        --raises_again;
        CHECK(wasix_thread_signal(0x3fffffff, kUsr1) == 0);
    }
    --depth;
    uint32_t tid = 0;
    CHECK(wasix_thread_id(WASIX_PTR(&tid)) == 0);  // system calls work here
    atomic_store(&latest_tid, (int)tid);
    atomic_fetch_add(&counts[number], 1);
}

static void callback(const char* name) {
    wasix_callback_signal(WASIX_PTR(name), (uint32_t)strlen(name));
}

static int taken(int number) { return atomic_exchange(&counts[number], 0); }

static void check_raising(void) {
    CHECK(wasix_proc_raise(kUsr1) == 0);
    CHECK(taken(kUsr1) == 1);
    CHECK(wasix_proc_signal(1, kUsr2) == 0);
    CHECK(taken(kUsr2) == 1);
    CHECK(wasix_proc_signal(1, 0) == 0);
    CHECK(wasix_proc_signal(77, kUsr2) == 71);  // srch
    CHECK(wasix_thread_signal(77, kUsr2) == 71);
    CHECK(wasix_proc_raise(64) == 28);  // inval
    CHECK(taken(kUsr2) == 0);
}

/// A handler is called again for what it raises itself: libc may say so (SA_NODEFER).
static void check_nesting(void) {
    raises_again = 3;
    most_depth = 0;
    CHECK(wasix_proc_raise(kUsr1) == 0);
    CHECK(taken(kUsr1) == 4 && most_depth == 4 && depth == 0);
}

static void check_blocking(void) {
    callback("__wasm_signal_blocked");  // no such export
    CHECK(wasix_proc_raise(kUsr1) == 0);
    CHECK(wasix_proc_raise(kUsr1) == 0);
    CHECK(wasix_proc_signal(1, kUsr2) == 0);
    sleep_ms(1);
    CHECK(taken(kUsr1) == 0 && taken(kUsr2) == 0);
    callback("__wasm_signal");
    CHECK(taken(kUsr1) == 1 && taken(kUsr2) == 1);  // once each
}

static void check_pipe(void) {
    uint32_t ends[2];
    uint32_t count = 0;
    uint32_t buffer[2] = {WASIX_PTR("x"), 1};
    CHECK(wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1])) == 0);
    close((int)ends[0]);
    CHECK(wasix_fd_write(ends[1], WASIX_PTR(buffer), 1, WASIX_PTR(&count)) == 64);
    CHECK(taken(kPipe) == 1);
    close((int)ends[1]);
}

static volatile uint32_t sink;

__attribute__((noinline)) static uint32_t step(uint32_t value) {
    sink = value;
    return value * 3 + (value > 5 ? step(value / 7) : 1);
}

static void check_timers(void) {
    CHECK(wasix_proc_raise_interval(kAlarm, 1000000, 0) == 0);
    while (atomic_load(&counts[kAlarm]) == 0) {
        sleep_ms(1);
    }
    sleep_ms(10);
    CHECK(taken(kAlarm) == 1);  // once
    CHECK(wasix_proc_raise_interval(kAlarm, 1000000, 1) == 0);
    CHECK(wasix_thread_sleep(10ULL * 1000000000) == kIntr);  // cut short
    for (uint32_t value = 1; atomic_load(&counts[kAlarm]) < 5; ++value) {
        step(value);  // no system call in sight
    }
    CHECK(wasix_proc_raise_interval(kAlarm, 0, 0) == 0);
    do {  // one may be on its way; a timer that still runs would keep us here
        taken(kAlarm);
        sleep_ms(20);
    } while (atomic_load(&counts[kAlarm]) != 0);
}

/// struct itimerval: interval and value, each seconds and microseconds.
struct interval_timer {
    uint64_t interval[2];
    uint64_t value[2];
};

static uint32_t set_timer(const struct interval_timer* timer, struct interval_timer* old) {
    return wasix_proc_raise_interval2(kAlarm, WASIX_PTR(timer), WASIX_PTR(old));
}

/// As alarm() and setitimer() of a libc that has both times.
static void check_interval_timers(void) {
    const struct interval_timer never = {{0, 0}, {0, 0}};
    const struct interval_timer hours = {{7200, 5}, {3600, 0}};
    const struct interval_timer once = {{0, 0}, {0, 1000}};
    const struct interval_timer often = {{0, 1000}, {0, 2000}};
    const struct interval_timer wrong = {{0, 0}, {0, 1000000}};
    struct interval_timer old = hours;
    CHECK(set_timer(&never, &old) == 0);
    CHECK(memcmp(&old, &never, sizeof old) == 0);
    CHECK(set_timer(&hours, NULL) == 0);
    CHECK(set_timer(&wrong, &old) == 28);  // inval
    CHECK(set_timer(&once, &old) == 0);
    CHECK(old.interval[0] == 7200 && old.interval[1] == 5);
    CHECK(old.value[0] <= 3600 && old.value[0] > 3000 && old.value[1] < 1000000);
    CHECK(wasix_thread_sleep(10ULL * 1000000000) == kIntr);  // cut short
    CHECK(taken(kAlarm) == 1);
    CHECK(set_timer(&often, &old) == 0);
    CHECK(memcmp(&old, &never, sizeof old) == 0);  // it has come
    while (atomic_load(&counts[kAlarm]) < 3) {
        sleep_ms(1);
    }
    CHECK(set_timer(&never, &old) == 0);
    CHECK(old.interval[0] == 0 && old.interval[1] == 1000 && old.value[0] == 0);
    sleep_ms(1);
    taken(kAlarm);
}

static _Atomic(int) word;

static void sleeper(void* argument) {
    (void)argument;
    while (atomic_load(&word) == 0) {
        futex_wait(&word, 0, -1);
    }
}

static void check_threads(void) {
    struct thread* thread = thread_start(sleeper, NULL);
    sleep_ms(5);
    CHECK(wasix_thread_signal(thread->tid, kUsr1) == 0);
    while (atomic_load(&counts[kUsr1]) == 0) {
        sleep_ms(1);
    }
    CHECK(latest_tid == (int)thread->tid);
    CHECK(wasix_thread_signal(0x3fffffff, kUsr2) == 0);  // the main thread
    CHECK(counts[kUsr2] == 1 && latest_tid == 1);
    // One that the main thread blocks goes to another.
    callback("__wasm_signal_blocked");
    CHECK(wasix_proc_signal(1, kHup) == 0);
    while (atomic_load(&counts[kHup]) == 0) {
        sleep_ms(1);
    }
    CHECK(latest_tid == (int)thread->tid);
    callback("__wasm_signal");
    atomic_store(&word, 1);
    futex_wake(&word);
    thread_join(thread);
}

static int wait_for_term(void) {
    uint32_t ends[2];
    uint32_t count = 0;
    uint8_t event[32];
    struct {
        uint64_t userdata;
        uint8_t type;
        uint8_t padding[7];
        uint32_t fd;
        uint8_t more[28];
    } wanted = {.type = 1};
    CHECK(wasix_fd_pipe(WASIX_PTR(&ends[0]), WASIX_PTR(&ends[1])) == 0);
    wanted.fd = ends[0];
    write(1, "ready\n", 6);
    while (taken(kTerm) == 0) {
        const uint32_t error =
            wasix_poll_oneoff(WASIX_PTR(&wanted), WASIX_PTR(event), 1, WASIX_PTR(&count));
        CHECK(error == kIntr);
    }
    return 3;
}

int main(int argc, char** argv) {
    (void)argv;
    callback("__wasm_signal");
    if (argc > 1) {
        return wait_for_term();
    }
    check_raising();
    check_nesting();
    check_blocking();
    check_pipe();
    check_timers();
    check_interval_timers();
    check_threads();
    return 0;
}
