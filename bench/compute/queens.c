/* Recursion with branches and bits: solutions of the eleven queens. */
#include "kernel.h"

static uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
    if (columns == all) {
        return 1;
    }
    uint32_t found = 0;
    for (uint32_t free = all & ~(columns | left | right); free != 0; free &= free - 1) {
        const uint32_t bit = free & -free;
        found += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

static uint64_t kernel(void) { return place((1u << 11) - 1, 0, 0, 0); }
