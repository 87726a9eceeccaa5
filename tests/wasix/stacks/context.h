#pragma once

// Contexts for C: each has a C stack of its own, which the program allocates, as WASIX leaves that
// to the guest.

#include <stdint.h>
#include <stdlib.h>

#include "../../../guests/wasix.h"
#include "../check.h"

#define CONTEXT_STACK 16384

/// What the context that is entered next finds; with threads, under a lock until it has begun.
__attribute__((used)) static uint32_t g_entry_stack;

__attribute__((used, noinline)) static void context_main(void);

__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype context_switch (i64) -> (i32)\n"
    ".import_module context_switch, wasix_32v1\n"
    ".import_name context_switch, context_switch\n"
    ".functype context_main () -> ()\n"
    ".globl context_entry\n"
    ".type context_entry,@function\n"
    "context_entry:\n"
    "    .functype context_entry () -> ()\n"
    "    i32.const g_entry_stack\n"
    "    i32.load 0\n"
    "    global.set __stack_pointer\n"
    "    call context_main\n"
    "    end_function\n"
    ".globl context_go\n"
    ".type context_go,@function\n"
    "context_go:\n"
    "    .functype context_go (i64) -> (i32)\n"
    "    .local i32\n"
    "    global.get __stack_pointer\n"
    "    local.set 1\n"
    "    local.get 0\n"
    "    call context_switch\n"
    "    local.get 1\n"
    "    global.set __stack_pointer\n"
    "    end_function\n");
void context_entry(void);
/// Switches, and returns the error when somebody switches back.
uint32_t context_go(uint64_t id);

struct context {
    uint64_t id;
    char* stack;
};

__attribute__((unused)) static struct context context_new(void) {
    struct context made = {0, malloc(CONTEXT_STACK)};
    CHECK(made.stack != NULL);
    CHECK(wasix_context_create(WASIX_PTR(&made.id), WASIX_PTR(context_entry)) == 0);
    CHECK(made.id != 0);
    return made;
}

/// Switches to one that has not begun.
__attribute__((unused)) static void context_begin(const struct context* context) {
    g_entry_stack = (WASIX_PTR(context->stack) + CONTEXT_STACK) & ~15U;
    CHECK(context_go(context->id) == 0);
}

__attribute__((unused)) static void context_end(struct context* context) {
    CHECK(wasix_context_destroy(context->id) == 0);
    free(context->stack);
    context->stack = NULL;
}
