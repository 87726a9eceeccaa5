// setjmp and longjmp as clang lowers them to wasm exceptions: -mllvm -wasm-enable-sjlj.
#include "jumps.h"

#include <stdio.h>

static jmp_buf outer;
static jmp_buf inner;

__attribute__((noinline)) static void dig(int depth) {
    if (depth == 0) {
        longjmp(outer, 42);
    }
    dig(depth - 1);
    puts("not reached");
}

int main(void) {
    volatile int rounds = 0;
    const int came_back = setjmp(outer);
    if (came_back == 0) {
        dig(20);
    }
    printf("outer: %d\n", came_back);
    const int again = setjmp(inner);
    rounds = rounds + 1;
    if (again < 1000) {
        longjmp(inner, again + 1);
    }
    printf("inner: %d after %d rounds\n", again, rounds);
    return 0;
}
