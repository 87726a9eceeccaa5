/* Memory: a linked list in random order, 8 MiB. */
#include "kernel.h"

enum { COUNT = 1 << 19 };
typedef struct Node {
    struct Node* next;
    uint32_t value, key;
} Node;
static Node nodes[COUNT];
static uint32_t order[COUNT];

static uint64_t kernel(void) {
    for (uint32_t i = 0; i < COUNT; ++i) order[i] = i;
    for (uint32_t i = COUNT - 1; i > 0; --i) {
        const uint32_t j = next_random() % (i + 1), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    for (uint32_t i = 0; i < COUNT; ++i) {
        nodes[order[i]] = (Node){&nodes[order[(i + 1) % COUNT]], i, i ^ 0x5555};
    }
    uint64_t sum = 0;
    const Node* node = nodes;
    for (uint32_t i = 0; i < COUNT * 2; ++i, node = node->next) sum += node->value ^ node->key;
    return sum;
}
