/* SIMD: explicit vectors of 128 bits, integers and floating point. */
#include "kernel.h"

typedef int32_t Ints __attribute__((vector_size(16)));
typedef float Floats __attribute__((vector_size(16)));
typedef uint8_t Octets __attribute__((vector_size(16)));

enum { COUNT = 1 << 14 };
static Ints ints[COUNT];
static Floats floats[COUNT];
static Octets octets[COUNT];

static uint64_t kernel(void) {
    for (int i = 0; i < COUNT; ++i) {
        for (int lane = 0; lane < 4; ++lane) {
            ints[i][lane] = (int32_t)next_random();
            floats[i][lane] = (float)(next_random() % 1024) / 64;
        }
    }
    uint8_t* each = (uint8_t*)octets;
    for (unsigned i = 0; i < sizeof octets; ++i) each[i] = (uint8_t)next_random();
    Ints sum = {1, 2, 3, 4};
    Floats total = {0, 0, 0, 0};
    Octets mix = {0};
    for (int round = 0; round < 60; ++round) {
        for (int i = 0; i < COUNT; ++i) {
            sum += (ints[i] ^ sum << 3) & (ints[i] > sum);
            total += floats[i] * 0.5f - total * 0.25f;
            mix = __builtin_shufflevector(mix, octets[i], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27,
                                          13, 29, 15, 31) +
                  (octets[i] >> 1);
        }
    }
    uint64_t result = 0;
    for (int lane = 0; lane < 4; ++lane)
        result = fold(result + (uint32_t)sum[lane], (double)total[lane]);
    for (int lane = 0; lane < 16; ++lane) result = result * 31 + mix[lane];
    return result;
}
