/* Floating point over memory: a five-point stencil in single precision, which vectorizes. */
#include "kernel.h"

enum { N = 256 };
static float grid[2][N][N];

static uint64_t kernel(void) {
    for (int y = 0; y < N; ++y) {
        for (int x = 0; x < N; ++x) grid[0][y][x] = grid[1][y][x] = (float)(next_random() % 256);
    }
    for (int step = 0; step < 60; ++step) {
        float (*from)[N] = grid[step & 1];
        float (*to)[N] = grid[~step & 1];
        for (int y = 1; y < N - 1; ++y) {
            for (int x = 1; x < N - 1; ++x) {
                to[y][x] = 0.5f * from[y][x] + 0.125f * (from[y - 1][x] + from[y + 1][x] +
                                                         from[y][x - 1] + from[y][x + 1]);
            }
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; ++i) sum = fold(sum, (double)grid[0][i][(i * 7) % N]);
    return sum;
}
