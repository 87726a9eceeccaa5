/* Floating point with an inner loop over memory, in the order that can be vectorized. */
#include "kernel.h"

enum { N = 160 };
static double a[N][N], b[N][N], c[N][N];

static uint64_t kernel(void) {
    for (int i = 0; i < N; ++i) {
        for (int j = 0; j < N; ++j) {
            a[i][j] = next_random() % 1000 / 8.0;
            b[i][j] = next_random() % 1000 / 16.0;
            c[i][j] = 0;
        }
    }
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < N; ++k) {
            const double factor = a[i][k];
            for (int j = 0; j < N; ++j) c[i][j] += factor * b[k][j];
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; ++i) sum = fold(sum, c[i][(i * 7) % N]);
    return sum;
}
