/* A bit of everything that small programs do, in turn: a linked list is searched, sorted and
 * reversed, integer matrices are multiplied, a state machine reads numbers from a text, and
 * checksums of all results steer the next round. Of the kind that CoreMark is; not a line of it. */
#include "kernel.h"

typedef struct Item {
    struct Item* next;
    int16_t key, value;
} Item;
enum { ITEMS = 200, N = 24, TEXT = 2048 };
static Item items[ITEMS];
static int16_t left[N][N], right[N][N];
static int32_t product[N][N];
static char text[TEXT];

static uint16_t checksum(uint16_t sum, uint32_t value) {
    for (int byte = 0; byte < 4; ++byte, value >>= 8) {
        sum ^= (uint16_t)(value & 0xff);
        for (int bit = 0; bit < 8; ++bit) sum = (uint16_t)(sum & 1 ? sum >> 1 ^ 0xa001 : sum >> 1);
    }
    return sum;
}

static Item* merge(Item* a, Item* b) {
    Item head, *last = &head;
    while (a && b) {
        Item** smaller = a->value <= b->value ? &a : &b;
        last = last->next = *smaller;
        *smaller = (*smaller)->next;
    }
    last->next = a ? a : b;
    return head.next;
}

static Item* sort(Item* list, int count) {
    if (count < 2) {
        if (list) list->next = NULL;
        return list;
    }
    Item* middle = list;
    for (int i = 0; i < count / 2; ++i) middle = middle->next;
    Item* second = sort(middle, count - count / 2);
    Item* first = list;
    Item* end = list;
    for (int i = 1; i < count / 2; ++i) end = end->next;
    end->next = NULL;
    return merge(sort(first, count / 2), second);
}

static uint16_t lists(uint16_t sum) {
    Item* list = NULL;
    for (int i = 0; i < ITEMS; ++i) {
        items[i] = (Item){list, (int16_t)i, (int16_t)(i * 77 ^ sum)};
        list = &items[i];
    }
    for (int wanted = 0; wanted < ITEMS; wanted += 7) {
        const Item* item = list;
        while (item && item->key != wanted) item = item->next;
        sum = checksum(sum, item ? (uint32_t)item->value : 0);
    }
    list = sort(list, ITEMS);
    Item* reversed = NULL;
    while (list) {
        Item* next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    for (const Item* item = reversed; item; item = item->next)
        sum = (uint16_t)(sum * 3 + item->value);
    return sum;
}

static uint16_t matrices(uint16_t sum) {
    for (int i = 0; i < N; ++i) {
        for (int j = 0; j < N; ++j) {
            left[i][j] = (int16_t)(i * j + sum), right[i][j] = (int16_t)(i - j * sum);
        }
    }
    for (int i = 0; i < N; ++i) {
        for (int j = 0; j < N; ++j) {
            int32_t total = 0;
            for (int k = 0; k < N; ++k) {
                total +=
                    (left[i][k] * right[k][j] >> 2 & 0xf) * (left[i][k] * right[k][j] >> 5 & 0x7f);
            }
            product[i][j] = total;
        }
    }
    for (int i = 0; i < N; ++i) sum = checksum(sum, (uint32_t)product[i][N - 1 - i]);
    return sum;
}

static uint16_t states(uint16_t sum) {
    for (int i = 0; i < TEXT; ++i) text[i] = "0123456789+-.e,, x"[(unsigned)(i * 7 + sum * i) % 18];
    enum { START, SIGN, WHOLE, FRACTION, EXPONENT, WRONG, STATES } state = START;
    uint32_t counts[STATES] = {0};
    for (int i = 0; i < TEXT; ++i) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9';
        if (c == ',') {
            ++counts[state];
            state = START;
            continue;
        }
        switch (state) {
            case START:
                state = digit ? WHOLE : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : WRONG;
                break;
            case SIGN:
                state = digit ? WHOLE : c == '.' ? FRACTION : WRONG;
                break;
            case WHOLE:
                state = digit ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : WRONG;
                break;
            case FRACTION:
                state = digit ? FRACTION : c == 'e' ? EXPONENT : WRONG;
                break;
            case EXPONENT:
                state = digit || c == '-' ? EXPONENT : WRONG;
                break;
            default:
                break;
        }
    }
    for (int i = 0; i < STATES; ++i) sum = checksum(sum, counts[i]);
    return sum;
}

static uint64_t kernel(void) {
    uint16_t sum = 0x1234;
    for (int round = 0; round < 600; ++round) sum = states(matrices(lists(sum)));
    return sum;
}
