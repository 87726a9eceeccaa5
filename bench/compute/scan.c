/* Bytes: words and lines of a text, and a search for a phrase. */
#include "kernel.h"

enum { BYTES = 1 << 20 };
static char text[BYTES + 1];

static uint64_t kernel(void) {
    for (int i = 0; i < BYTES; ++i) text[i] = "etaoin shrdlu\ncmf "[next_random() % 18];
    text[BYTES] = 0;
    uint64_t words = 0, lines = 0, found = 0;
    int inside = 0;
    for (const char* at = text; *at; ++at) {
        const int space = *at == ' ' || *at == '\n';
        lines += *at == '\n';
        words += !space && !inside;
        inside = !space;
    }
    const char phrase[] = "the sun";
    for (const char* at = text; at < text + BYTES - 8; ++at) {
        int i = 0;
        while (phrase[i] && at[i] == phrase[i]) ++i;
        found += (uint64_t)i;
    }
    return words * 1000003 + lines * 31 + found;
}
