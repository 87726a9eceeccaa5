#pragma once

#include <cpuid.h>
#include <time.h>
#include <x86intrin.h>

#include <cstdint>

namespace wasmax::trace {

/// The unit of all times in records: of the CPU's time stamp counter where it runs at one rate on
/// all CPUs, else nanoseconds. Which one it is stays the same while a machine is up.
using Ticks = std::uint64_t;

enum class ClockKind : std::uint32_t { monotonic, tsc };

/// CLOCK_MONOTONIC and its like, in nanoseconds. The clock must be one that cannot fail.
[[nodiscard]] inline std::uint64_t clock_ns(clockid_t clock) {
    constexpr std::uint64_t kSecond_ns = 1'000'000'000;
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * kSecond_ns +
           static_cast<std::uint64_t>(now.tv_nsec);
}

/// The counter counts at one rate whatever the CPU does (AMD and Intel manuals: invariant TSC).
[[nodiscard]] inline ClockKind clock_kind() {
    constexpr unsigned kPowerManagement = 0x80000007;
    constexpr unsigned kInvariantTsc = 1U << 8;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const bool known = __get_cpuid(kPowerManagement, &a, &b, &c, &d) != 0;
    return known && (d & kInvariantTsc) != 0 ? ClockKind::tsc : ClockKind::monotonic;
}

/// Reads the clock: about 8 ns for the counter, 20 for the other.
[[nodiscard]] inline Ticks now(ClockKind kind) {
    if (kind == ClockKind::tsc) [[likely]] {
        return __rdtsc();
    }
    return clock_ns(CLOCK_MONOTONIC);
}

}  // namespace wasmax::trace
