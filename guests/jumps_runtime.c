// The three functions and the tag that clang's setjmp and longjmp need. Compiled without
// -wasm-enable-sjlj, which would take them for its own declarations.
#include "jumps.h"

__asm__(
    ".globl __c_longjmp\n"
    ".tagtype __c_longjmp i32\n"
    "__c_longjmp:\n");

void __wasm_setjmp(void* target, uint32_t label, void* invocation) {
    struct JumpTarget* jump = target;
    jump->invocation = invocation;
    jump->label = label;
}
uint32_t __wasm_setjmp_test(void* target, void* invocation) {
    const struct JumpTarget* jump = target;
    return jump->invocation == invocation ? jump->label : 0;
}
void __wasm_longjmp(void* target, int value) {
    struct JumpTarget* jump = target;
    jump->argument.target = jump;
    jump->argument.value = value == 0 ? 1 : value;
    __builtin_wasm_throw(1, &jump->argument);
}
