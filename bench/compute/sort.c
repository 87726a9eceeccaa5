/* Indirect calls: a quicksort that compares through a function pointer. */
#include "kernel.h"

enum { COUNT = 100000 };
static uint32_t values[COUNT];

typedef int (*Compare)(uint32_t, uint32_t);
static int ascending(uint32_t a, uint32_t b) { return a < b; }
static int by_low_bits(uint32_t a, uint32_t b) { return (a & 0xffff) < (b & 0xffff); }
static Compare volatile compares[] = {ascending, by_low_bits};

static void sort(uint32_t* first, uint32_t* last, Compare less) {
    while (last - first > 1) {
        const uint32_t pivot = first[(last - first) / 2];
        uint32_t* low = first;
        uint32_t* high = last - 1;
        while (low <= high) {
            while (less(*low, pivot)) ++low;
            while (less(pivot, *high)) --high;
            if (low <= high) {
                const uint32_t swapped = *low;
                *low++ = *high;
                *high-- = swapped;
            }
        }
        sort(first, high + 1, less);
        first = low;
    }
}

static uint64_t kernel(void) {
    uint64_t sum = 0;
    for (unsigned which = 0; which < 2; ++which) {
        for (unsigned i = 0; i < COUNT; ++i) values[i] = next_random();
        sort(values, values + COUNT, compares[which]);
        for (unsigned i = 0; i < COUNT; i += 97) sum = sum * 31 + (values[i] & 0xffff);
    }
    return sum;
}
