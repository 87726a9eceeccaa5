#pragma once

// setjmp and longjmp as programs have them that were built without wasm exceptions: by
// stack_checkpoint and stack_restore, through `wasm-opt --asyncify`. Automatic variables of the
// functions that are active at jump_save() get back the values they had then, volatile or not.

#include <stdint.h>

#include "../../../guests/wasix.h"

struct jump {
    uint64_t user;
    uint64_t hash[2];
};

/// 0, then what jump_to() is given (1 for 0). A frame of its own, as in libc.
__attribute__((returns_twice, noinline, unused)) static int jump_save(struct jump* jump) {
    uint64_t value = 0;
    if (wasix_stack_checkpoint(WASIX_PTR(jump), WASIX_PTR(&value)) != 0) {
        __builtin_trap();
    }
    return (int)value;
}

__attribute__((noreturn, noinline, unused)) static void jump_to(const struct jump* jump,
                                                                int value) {
    wasix_stack_restore(WASIX_PTR(jump), (uint64_t)value);
    __builtin_trap();
}
