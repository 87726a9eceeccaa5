#pragma once

#include <cstddef>
#include <cstdint>

#include "trace/shared.h"

namespace wasmax::trace {

// A record in a ring and in a file: a RecordHead, then RecordTimes in 32 or 64 bits, then what
// flags announce, then the payload (payload.h). All little-endian and packed: records are what
// makes a trace large.

enum RecordFlag : std::uint8_t {
    kWide = 1,       ///< the times are 64 bits each
    kPreempted = 2,  ///< then comes a 64-bit number: ticks off the CPU before the call
    kAfterLoss = 4,  ///< records were dropped before this one
};

struct RecordHead {
    std::uint16_t call;       ///< a row of the schema
    std::uint16_t error;      ///< 0: it succeeded
    std::uint8_t half_words;  ///< the record's size in units of two bytes
    std::uint8_t flags;
};
static_assert(sizeof(RecordHead) == 6);

/// In ticks.
template <class Word>
struct RecordTimes {
    Word begin;    ///< after the begin of the thread's previous record
    Word guest;    ///< in the guest, on the CPU, between the previous call and this one
    Word total;    ///< of the call
    Word kernel;   ///< of it, on the CPU in the kernel
    Word blocked;  ///< of it, not on a CPU
};
static_assert(sizeof(RecordTimes<std::uint32_t>) == 20);

inline constexpr std::size_t kMaxRecordBytes = std::size_t{2} * 255;
inline constexpr std::size_t kMaxRecordOverhead =
    sizeof(RecordHead) + sizeof(RecordTimes<std::uint64_t>) + sizeof(std::uint64_t);
/// What arguments and results may take.
inline constexpr std::size_t kMaxPayloadBytes = kMaxRecordBytes - kMaxRecordOverhead;

}  // namespace wasmax::trace
