/* Integers: rotations and additions. FIPS 180-4. */
#include "kernel.h"

static uint32_t k[64];
static uint8_t data[64 * 4096];

static uint32_t rotate(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static void block(uint32_t state[8], const uint8_t* bytes) {
    uint32_t w[64];
    for (int i = 0; i < 16; ++i) {
        w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
               (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    }
    for (int i = 16; i < 64; ++i) {
        const uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; ++i) {
        const uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        const uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6], s[6] = s[5], s[5] = s[4], s[4] = s[3] + one;
        s[3] = s[2], s[2] = s[1], s[1] = s[0], s[0] = one + two;
    }
    for (int i = 0; i < 8; ++i) state[i] += s[i];
}

static uint64_t kernel(void) {
    for (int i = 0; i < 64; ++i) k[i] = next_random() * 2654435761u;
    for (unsigned i = 0; i < sizeof data; ++i) data[i] = (uint8_t)next_random();
    uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int round = 0; round < 4; ++round) {
        for (unsigned at = 0; at < sizeof data; at += 64) block(state, data + at);
    }
    return (uint64_t)state[0] << 32 | state[7];
}
