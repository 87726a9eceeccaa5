/* Floating point without memory. */
#include "kernel.h"

static uint64_t kernel(void) {
    uint64_t sum = 0;
    for (int y = 0; y < 160; ++y) {
        for (int x = 0; x < 160; ++x) {
            const double cr = x / 80.0 - 1.5, ci = y / 80.0 - 1.0;
            double zr = 0, zi = 0;
            int count = 0;
            while (count < 200 && zr * zr + zi * zi < 4) {
                const double next = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = next;
                ++count;
            }
            sum = sum * 31 + (unsigned)count;
        }
    }
    return sum;
}
