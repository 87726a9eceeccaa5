/* Bytes and branches: a compressor with a hash table of earlier positions, and its inverse. */
#include "kernel.h"

enum { BYTES = 1 << 18 };
static uint8_t text[BYTES], packed[2 * BYTES], unpacked[BYTES];
static uint32_t table[1 << 12];

static uint32_t pack(void) {
    uint32_t out = 0;
    memset(table, 0, sizeof table);
    for (uint32_t at = 0; at < BYTES;) {
        uint32_t length = 0, from = 0;
        if (at + 4 <= BYTES) {
            uint32_t word;
            memcpy(&word, text + at, 4);
            uint32_t* slot = &table[word * 2654435761u >> 20];
            from = *slot;
            *slot = at;
            if (from < at && at - from < 65536) {
                while (at + length < BYTES && length < 255 &&
                       text[from + length] == text[at + length])
                    ++length;
            }
        }
        if (length < 4) {
            packed[out++] = 0;
            packed[out++] = text[at++];
        } else {
            packed[out++] = (uint8_t)length;
            packed[out++] = (uint8_t)(at - from);
            packed[out++] = (uint8_t)((at - from) >> 8);
            at += length;
        }
    }
    return out;
}

static uint32_t unpack(uint32_t bytes) {
    uint32_t out = 0;
    for (uint32_t in = 0; in < bytes;) {
        const uint32_t length = packed[in++];
        if (length == 0) {
            unpacked[out++] = packed[in++];
            continue;
        }
        const uint32_t back = packed[in] | (uint32_t)packed[in + 1] << 8;
        in += 2;
        for (uint32_t i = 0; i < length; ++i, ++out) unpacked[out] = unpacked[out - back];
    }
    return out;
}

static uint64_t kernel(void) {
    for (uint32_t i = 0; i < BYTES; ++i) {
        text[i] = i > 300 && next_random() % 16 ? text[i - 1 - next_random() % 4 * 64]
                                                : (uint8_t)next_random();
    }
    uint64_t sum = 0;
    for (int round = 0; round < 3; ++round) {
        const uint32_t bytes = pack();
        sum += bytes + unpack(bytes) + (uint64_t)memcmp(text, unpacked, BYTES);
    }
    return sum;
}
