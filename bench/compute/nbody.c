/* Floating point with divisions and square roots. */
#include <math.h>

#include "kernel.h"

enum { BODIES = 5 };
typedef struct {
    double position[3], velocity[3], mass;
} Body;
static Body bodies[BODIES];

static uint64_t kernel(void) {
    for (int i = 0; i < BODIES; ++i) {
        for (int axis = 0; axis < 3; ++axis) {
            bodies[i].position[axis] = next_random() % 1000 / 50.0 - 10;
            bodies[i].velocity[axis] = next_random() % 1000 / 5000.0 - 0.1;
        }
        bodies[i].mass = 1 + next_random() % 10;
    }
    for (int step = 0; step < 60000; ++step) {
        for (int i = 0; i < BODIES; ++i) {
            for (int j = i + 1; j < BODIES; ++j) {
                double d[3], square = 0.01;
                for (int axis = 0; axis < 3; ++axis) {
                    d[axis] = bodies[i].position[axis] - bodies[j].position[axis];
                    square += d[axis] * d[axis];
                }
                const double pull = 0.001 / (square * sqrt(square));
                for (int axis = 0; axis < 3; ++axis) {
                    bodies[i].velocity[axis] -= d[axis] * bodies[j].mass * pull;
                    bodies[j].velocity[axis] += d[axis] * bodies[i].mass * pull;
                }
            }
        }
        for (int i = 0; i < BODIES; ++i) {
            for (int axis = 0; axis < 3; ++axis) {
                bodies[i].position[axis] += 0.001 * bodies[i].velocity[axis];
            }
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < BODIES; ++i) sum = fold(sum, bodies[i].position[0]);
    return sum;
}
