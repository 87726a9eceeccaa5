/* Indirect calls: methods of many objects, through tables of functions. */
#include "kernel.h"

typedef struct Shape Shape;
typedef struct {
    double (*area)(const Shape*);
    void (*grow)(Shape*, double);
} Methods;
struct Shape {
    const Methods* methods;
    double a, b;
};
static double box_area(const Shape* s) { return s->a * s->b; }
static double disc_area(const Shape* s) { return 3.0 * s->a * s->a; }
static double cut_area(const Shape* s) { return s->a * s->b * 0.5; }
static void grow_both(Shape* s, double by) { s->a += by, s->b -= by; }
static void grow_one(Shape* s, double by) { s->a -= by; }
static const Methods methods[] = {
    {box_area, grow_both}, {disc_area, grow_one}, {cut_area, grow_both}};

enum { COUNT = 1000 };
static Shape shapes[COUNT];

static uint64_t kernel(void) {
    for (int i = 0; i < COUNT; ++i) {
        shapes[i] = (Shape){&methods[next_random() % 3], next_random() % 100, next_random() % 100};
    }
    double total = 0;
    for (int round = 0; round < 1000; ++round) {
        for (int i = 0; i < COUNT; ++i) {
            total += shapes[i].methods->area(&shapes[i]);
            shapes[i].methods->grow(&shapes[i], round % 2 ? 0.5 : -0.5);
        }
    }
    return fold(0, total);
}
