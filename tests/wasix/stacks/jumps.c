// `jumps [unknown]`: stacks are saved and restored. With `unknown` a jump that leads nowhere.

#include <string.h>

#include "../check.h"
#include "jump.h"

// Linux's numbers. wasix: 9.1
#define SIGUSR1 10
#define SIGUSR2 12

// Static, because what is on the stack goes back, too.
static int g_count;
static int g_returns;
static struct jump g_jump;
static struct jump g_other;
static int g_handled;

static void values(void) {
    const int given[] = {7, 0, -1, 0x7fffffff};
    const int seen[] = {7, 1, -1, 0x7fffffff};
    for (g_count = 0; g_count < 4; ++g_count) {
        memset(&g_jump, 0xff, sizeof g_jump);
        const int value = jump_save(&g_jump);
        if (value == 0) {
            CHECK(g_jump.user == 0);
            jump_to(&g_jump, given[g_count]);
        }
        CHECK(value == seen[g_count]);
    }
}

/// Uses the stack, so that what is restored there was overwritten.
__attribute__((noinline)) static int recurse(int depth, struct jump* jump) {
    volatile char used[500];
    memset((char*)used, depth, sizeof used);
    if (depth == 0 && jump != NULL) {
        jump_to(jump, 100);
    }
    const int below = depth == 0 ? 0 : recurse(depth - 1, jump);
    for (unsigned i = 0; i < sizeof used; ++i) {
        CHECK(used[i] == (char)depth);
    }
    return below + used[3];
}

static void deep(void) {
    char text[64];
    strcpy(text, "as it was");
    struct jump jump;  // lies on the stack itself
    g_count = 0;
    const int value = jump_save(&jump);
    CHECK(strcmp(text, "as it was") == 0);
    if (g_count++ < 50) {
        CHECK(value == (g_count == 1 ? 0 : 100));
        recurse(40, &jump);
    }
    CHECK(g_count == 51 && value == 100);
    CHECK(recurse(40, NULL) == 820);
}

/// As interpreters catch errors: each level has a jump of its own and passes odd errors on.
static int protected_call(int depth) {
    struct jump jump;
    const struct jump outer = g_other;
    const int error = jump_save(&jump);
    if (error != 0) {
        g_other = outer;
        if (error % 2 != 0) {
            jump_to(&g_other, error + 1 + 2 * (depth % 2));
        }
        return error;
    }
    g_other = jump;
    if (depth == 0) {
        jump_to(&g_other, 5);
    }
    const int result = protected_call(depth - 1);
    g_other = outer;
    return result + 1;
}

static void nested(void) {
    const int error = jump_save(&g_other);
    if (error == 0) {
        const int result = protected_call(6);
        CHECK(result == 11);
    }
    CHECK(error == 0);
}

/// The buffer of an outer jump is kept in a copy while an inner one uses it.
static void copies(void) {
    g_count = 0;
    const int outer = jump_save(&g_jump);
    if (outer == 0) {
        const struct jump copy = g_jump;
        for (int i = 0; i < 3000; ++i) {
            const int inner = jump_save(&g_jump);
            if (inner == 0) {
                ++g_count;
                jump_to(&g_jump, 1);
            }
        }
        g_jump = copy;
        jump_to(&g_jump, 9);
    }
    CHECK(outer == 9 && g_count == 3000);
}

static void many(void) {
    for (int i = 0; i < 100000; ++i) {
        struct jump jump;
        CHECK(jump_save(&jump) == 0);
    }
}

/// It has returned when the jump goes there: its frame comes back, and so does its caller's.
__attribute__((noinline)) static int finished(struct jump* jump, int tag) {
    char local[32];
    memset(local, tag, sizeof local);
    const int value = jump_save(jump);
    ++g_returns;
    for (unsigned i = 0; i < sizeof local; ++i) {
        CHECK(local[i] == tag);
    }
    return value + tag;
}

static void finished_frames(void) {
    g_returns = 0;
    const int result = finished(&g_jump, 3);
    CHECK(recurse(10, NULL) == 55);
    CHECK(result == 3 + (g_returns == 1 ? 0 : g_returns));
    if (g_returns < 4) {
        jump_to(&g_jump, g_returns + 1);
    }
    CHECK(g_returns == 4);
}

__attribute__((export_name("handle_signal"))) void handle_signal(int number) {
    ++g_handled;
    if (number == SIGUSR1) {
        jump_to(&g_jump, g_handled);
    }
    // A jump that stays inside of the handler.
    const int value = jump_save(&g_other);
    if (value < 3) {
        jump_to(&g_other, value + 1);
    }
}

static void signals(void) {
    const char name[] = "handle_signal";
    wasix_callback_signal(WASIX_PTR(name), sizeof name - 1);
    g_handled = 0;
    const int value = jump_save(&g_jump);
    CHECK(value == g_handled);
    if (g_handled < 5) {
        wasix_proc_raise(SIGUSR1);
        CHECK(!"the handler jumped");
    }
    for (int i = 0; i < 5; ++i) {
        CHECK(wasix_proc_raise(SIGUSR2) == 0);
    }
    CHECK(g_handled == 10);
    // What was saved in a call that has ended leads nowhere, but leaves the rest alone.
    CHECK(jump_save(&g_other) == 0);
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "unknown") == 0) {
        g_jump.hash[0] = 12345;
        jump_to(&g_jump, 1);
    }
    if (argc > 1 && strcmp(argv[1], "ended") == 0) {
        signals();
        wasix_proc_raise(SIGUSR2);
        jump_to(&g_other, 1);
    }
    values();
    deep();
    nested();
    copies();
    many();
    finished_frames();
    signals();
    puts("jumped");
    return 0;
}
