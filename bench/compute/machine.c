/* Branches: an interpreter of a small stack machine, one switch in a loop. */
#include "kernel.h"

enum { PUSH, ADD, SUB, XOR, DUP, SWAP, LOAD, STORE, JUMP_IF, HALT };
/* Counts down from variable 0, folding into variable 1. */
static const int32_t program[] = {
    PUSH, 700000, STORE, 0, PUSH, 1, STORE, 1, LOAD, 1,   DUP,   PUSH, 5,       XOR, ADD, LOAD, 0,
    SWAP, SUB,    STORE, 1, LOAD, 0, PUSH,  1, SUB,  DUP, STORE, 0,    JUMP_IF, 8,   HALT};

static uint64_t kernel(void) {
    int32_t stack[16], variables[2] = {0, 0};
    int32_t* top = stack;
    for (const int32_t* pc = program;;) {
        switch (*pc++) {
            case PUSH:
                *top++ = *pc++;
                break;
            case ADD:
                --top;
                top[-1] = (int32_t)((uint32_t)top[-1] + (uint32_t)top[0]);
                break;
            case SUB:
                --top;
                top[-1] = (int32_t)((uint32_t)top[-1] - (uint32_t)top[0]);
                break;
            case XOR:
                --top;
                top[-1] ^= top[0];
                break;
            case DUP:
                top[0] = top[-1];
                ++top;
                break;
            case SWAP: {
                const int32_t x = top[-1];
                top[-1] = top[-2];
                top[-2] = x;
            } break;
            case LOAD:
                *top++ = variables[*pc++ & 1];
                break;
            case STORE:
                variables[*pc++ & 1] = *--top;
                break;
            case JUMP_IF:
                pc = *--top != 0 ? program + *pc : pc + 1;
                break;
            default:
                return (uint32_t)variables[1];
        }
    }
}
