// `contexts [HOW]`: switches between contexts. HOW is how the process ends in one of them: `trap`,
// `overflow`, `exit` (with 5), `return`, `handler` (a trap in a signal handler), `left` (main
// returns while others are suspended).

#include <string.h>

#include "context.h"

#define INVAL 28
#define SIGUSR1 10
#define MANY 1000
#define ROUNDS 10
#define SWITCHES 1000000

static void (*g_function)(void);
static volatile uint64_t g_yielded;
static uint64_t g_first;
static uint64_t g_second;
static uint32_t g_second_stack;
static volatile uint32_t g_count;
static int g_signals;
static uint64_t g_in_handler;

static void context_main(void) { g_function(); }

static void yield(uint64_t value) {
    g_yielded = value;
    CHECK(context_go(0) == 0);
}

static void generate(void) {
    volatile char mine[1000];
    memset((char*)mine, 7, sizeof mine);
    for (uint64_t i = 0;; ++i) {
        yield(i * i);
        CHECK(mine[i % sizeof mine] == 7);
    }
}

static void generator(void) {
    g_function = generate;
    struct context squares = context_new();
    context_begin(&squares);
    for (uint64_t i = 0; i < 1000; ++i) {
        CHECK(g_yielded == i * i);
        CHECK(context_go(squares.id) == 0);
    }
    context_end(&squares);
    CHECK(context_go(squares.id) == INVAL);
    CHECK(wasix_context_destroy(squares.id) == 0);
}

/// Both partners are this: the one that counts SWITCHES goes back to the main context.
static void pong(void) {
    uint64_t const other = g_count == 0 ? g_second : g_first;
    g_entry_stack = g_second_stack;  // which is entered next
    while (1) {
        if (++g_count >= SWITCHES) {
            context_go(0);
        }
        context_go(other);
    }
}

static void ping_pong(void) {
    g_function = pong;
    struct context first = context_new();
    struct context second = context_new();
    g_first = first.id;
    g_second = second.id;
    g_count = 0;
    g_second_stack = (WASIX_PTR(second.stack) + CONTEXT_STACK) & ~15U;
    context_begin(&first);
    CHECK(g_count >= SWITCHES);
    context_end(&second);
    context_end(&first);
}

static void be_one_of_many(void) {
    const uint32_t mine = g_count;
    volatile uint32_t rounds = 0;
    while (1) {
        ++rounds;
        yield(mine * 100 + rounds);
    }
}

static void many(void) {
    static struct context contexts[MANY];
    g_function = be_one_of_many;
    for (uint32_t i = 0; i < MANY; ++i) {
        contexts[i] = context_new();
        CHECK(i == 0 || contexts[i].id > contexts[i - 1].id);
    }
    for (uint32_t round = 1; round <= ROUNDS; ++round) {
        for (uint32_t i = 0; i < MANY; ++i) {
            g_count = i;
            if (round == 1) {
                context_begin(&contexts[i]);
            } else {
                CHECK(context_go(contexts[i].id) == 0);
            }
            CHECK(g_yielded == i * 100 + round);
        }
    }
    for (uint32_t i = 0; i < MANY; i += 2) {
        context_end(&contexts[i]);
    }
    for (uint32_t i = 1; i < MANY; i += 2) {
        CHECK(context_go(contexts[i].id) == 0);
        CHECK(g_yielded == i * 100 + ROUNDS + 1);
        context_end(&contexts[i]);
    }
    struct context unused = context_new();
    CHECK(unused.id > contexts[MANY - 1].id);
    context_end(&unused);
    // Many more than may exist at once.
    for (uint32_t i = 0; i < 20000; ++i) {
        uint64_t id = 0;
        CHECK(wasix_context_create(WASIX_PTR(&id), WASIX_PTR(context_entry)) == 0);
        CHECK(wasix_context_destroy(id) == 0);
    }
    // And as many.
    uint64_t first = 0;
    uint64_t id = 0;
    uint32_t created = 0;
    while (wasix_context_create(WASIX_PTR(&id), WASIX_PTR(context_entry)) == 0) {
        first = created++ == 0 ? id : first;
        CHECK(created <= 8192);
    }
    CHECK(created >= MANY);
    for (uint32_t i = 0; i < created; ++i) {
        CHECK(wasix_context_destroy(first + i) == 0);
    }
}

static void try_on_itself(void) {
    const uint64_t mine = g_first;
    g_yielded = context_go(mine) == 0 && wasix_context_destroy(mine) == INVAL &&
                wasix_context_destroy(0) == INVAL && context_go(mine + 1) == INVAL;
    context_go(0);
}

static void errors(void) {
    uint64_t id = 77;
    CHECK(context_go(0) == 0);
    CHECK(context_go(1234567) == INVAL);
    CHECK(context_go(~0ULL) == INVAL);
    CHECK(wasix_context_destroy(0) == INVAL);
    CHECK(wasix_context_destroy(1234567) == 0);
    CHECK(wasix_context_create(WASIX_PTR(&id), 0) == INVAL);
    CHECK(wasix_context_create(WASIX_PTR(&id), 100000) == INVAL);
    CHECK(wasix_context_create(WASIX_PTR(&id), ~0U) == INVAL);
    CHECK(wasix_context_create(WASIX_PTR(&id), WASIX_PTR(context_go)) == INVAL);
    CHECK(wasix_context_create(~0U, WASIX_PTR(context_entry)) == 78);
    CHECK(id == 77);
    g_function = try_on_itself;
    struct context context = context_new();
    g_first = context.id;
    g_yielded = 0;
    context_begin(&context);
    CHECK(g_yielded == 1);
    context_end(&context);
}

__attribute__((export_name("handle_signal"))) void handle_signal(int number) {
    CHECK(number == SIGUSR1);
    ++g_signals;
    if (g_in_handler == 1) {
        __builtin_trap();
    }
    if (g_in_handler == 2) {
        context_go(0);  // until the context is destroyed
        CHECK(!"it goes on");
    }
}

static void get_signals(void) {
    while (1) {
        CHECK(wasix_proc_raise(SIGUSR1) == 0);
        context_go(0);
    }
}

static void signals(uint64_t in_handler) {
    const char name[] = "handle_signal";
    wasix_callback_signal(WASIX_PTR(name), sizeof name - 1);
    g_function = get_signals;
    g_signals = 0;
    struct context context = context_new();
    context_begin(&context);
    CHECK(g_signals == 1);
    g_in_handler = in_handler;
    CHECK(context_go(context.id) == 0);
    CHECK(g_signals == 2);
    context_end(&context);
    // The handler was left with its context, and the signal is not blocked by it.
    g_in_handler = 0;
    CHECK(wasix_proc_raise(SIGUSR1) == 0);
    CHECK(g_signals == 3);
}

static void trap(void) { __builtin_trap(); }
static void do_exit(void) { exit(5); }
static void do_return(void) {}

__attribute__((noinline)) static uint32_t recurse(uint32_t depth) {
    const uint32_t below = g_first == depth ? 0 : recurse(depth + 1);
    __asm__ volatile("" ::: "memory");
    return below + depth;
}
static void overflow(void) { g_count = recurse(1); }

static void end_by(void (*function)(void)) {
    // Another is suspended meanwhile, and one has not begun.
    g_function = generate;
    struct context waiting = context_new();
    context_begin(&waiting);
    (void)context_new();
    g_function = function;
    struct context context = context_new();
    context_begin(&context);
    CHECK(!"it ends the process");
}

int main(int argc, char** argv) {
    const char* const how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "trap") == 0) {
        end_by(trap);
    } else if (strcmp(how, "overflow") == 0) {
        end_by(overflow);
    } else if (strcmp(how, "exit") == 0) {
        end_by(do_exit);
    } else if (strcmp(how, "return") == 0) {
        end_by(do_return);
    } else if (strcmp(how, "handler") == 0) {
        signals(1);
    } else if (strcmp(how, "left") == 0) {
        g_function = generate;
        for (int i = 0; i < 10; ++i) {
            struct context context = context_new();
            context_begin(&context);
        }
        return 0;
    }
    errors();
    generator();
    ping_pong();
    many();
    signals(0);
    signals(2);
    puts("switched");
    return 0;
}
