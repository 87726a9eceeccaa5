/* Integers: a table look-up per byte, each depending on the one before. */
#include "kernel.h"

static uint32_t table[256];
static uint8_t data[1 << 16];

static uint64_t kernel(void) {
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
    for (unsigned i = 0; i < sizeof data; ++i) data[i] = (uint8_t)next_random();
    uint32_t crc = ~0u;
    for (int round = 0; round < 60; ++round) {
        for (unsigned i = 0; i < sizeof data; ++i) crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
    }
    return crc;
}
