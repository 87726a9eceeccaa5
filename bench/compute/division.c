/* Integers: divisions and remainders by numbers that are not constant, in 32 and 64 bits. */
#include "kernel.h"

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t kernel(void) {
    uint64_t sum = 0;
    for (uint32_t i = 1; i < 60000; ++i) {
        const uint32_t a = next_random() + 1, b = next_random() % 5000 + 1;
        sum += a / b + (uint32_t)((int32_t)a % (int32_t)-b) + gcd((uint64_t)a * a, (uint64_t)b * i);
    }
    return sum;
}
