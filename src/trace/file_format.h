#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/units.h"

namespace wasmax::trace {

// A trace file: chunks, each with a checksum of its own, the first one a ChunkKind::recording. A
// file that was cut anywhere is readable up to there. All little-endian.

inline constexpr std::array<char, 8> kFileMagic{'W', 'X', 'T', 'R', 'A', 'C', 'E', '1'};
inline constexpr std::uint32_t kChunkMagic = 0x6b6e6863;  // "chnk"

enum class ChunkKind : std::uint32_t {
    recording = 1,  ///< FileRecording, then the command
    schema = 2,     ///< Schema::to_text
    thread = 3,     ///< ThreadInfo
    records = 4,    ///< FileRecords, then records
    totals = 5,     ///< FileTotals
    sample = 6,     ///< Moment, then ThreadSamples
    end = 7,        ///< FileEnd, then why
};

struct ChunkHead {
    std::uint32_t magic;
    ChunkKind kind;
    std::uint32_t bytes;  ///< that follow
    std::uint32_t padding;
    std::uint64_t checksum;  ///< of them and of the kind
};
static_assert(sizeof(ChunkHead) == 24);

inline constexpr std::uint32_t kMaxChunkBytes = 8 * kMiB;

/// Finds damage, not malice: a multiplicative hash of 8 bytes at a time.
[[nodiscard]] inline std::uint64_t checksum(ByteView bytes, std::uint64_t seed) {
    constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
    std::uint64_t sum = (seed + bytes.size()) * kFactor;
    while (bytes.size() >= sizeof sum) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        sum = (sum ^ word) * kFactor;
        sum ^= sum >> 29;
        bytes = bytes.subspan(sizeof sum);
    }
    std::uint64_t rest = 0;
    if (!bytes.empty()) {
        std::memcpy(&rest, bytes.data(), bytes.size());
    }
    sum = (sum ^ rest) * kFactor;
    return sum ^ sum >> 32;
}

}  // namespace wasmax::trace
