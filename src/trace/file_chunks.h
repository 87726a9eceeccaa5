#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "trace/file_format.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {

// What chunks hold.

inline constexpr std::uint32_t kFileVersion = 2;

struct FileRecording {
    std::array<char, 8> file_magic;
    std::uint32_t version;
    std::uint32_t pid;
    Mode mode;
    ClockKind clock;
    double ticks_per_ns;
    Cost cost;
    Moment start;
    std::uint32_t detects_switches;
    std::uint32_t padding;
};

struct FileRecords {
    std::uint32_t thread;
    std::uint32_t padding;
    Ticks base;
};

struct FileTotals {
    std::uint32_t thread;
    std::uint32_t call;
};

static_assert(std::is_trivially_copyable_v<FileRecording> &&
              std::is_trivially_copyable_v<ThreadInfo> &&
              std::is_trivially_copyable_v<ThreadSample> &&
              std::is_trivially_copyable_v<CallTotals>);

}  // namespace wasmax::trace
