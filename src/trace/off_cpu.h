#pragma once

#include <cstdint>

#include "trace/clock.h"

namespace wasmax::trace {

/// Tells how long the calling thread was not on a CPU, without asking the kernel each time.
///
/// The kernel clears the pointer to a restartable sequence (rseq(2), which glibc registers for
/// every thread) when it takes the thread off its CPU. A pointer that is still there therefore says
/// that the thread ran all the time, for the price of one load; only if it is gone does the
/// thread's CPU clock have to be read (about 0.2 us). Where that does not work, only intervals
/// longer than kSuspicious_ns are looked at. Threads: its own.
class OffCpu {
public:
    /// Whether the kernel clears the pointer. Tries it, in a child process of the caller.
    [[nodiscard]] static bool works();

    /// `detects_switches` is what works() said.
    void start(ClockKind clock, double ticks_per_ns, bool detects_switches);

    /// Whether the thread may have been off its CPU in the interval of `passed` ticks that ends
    /// now, and since the last call of take().
    [[nodiscard]] bool may_have_switched(Ticks passed) const {
        return pointer_ != nullptr ? *pointer_ != sequence_ : passed > suspicious_;
    }

    /// Ticks that the thread spent off the CPU since start() or the last take(), at most `passed`.
    [[gnu::noinline, gnu::cold]] Ticks take(Ticks passed);

private:
    void arm() {
        if (pointer_ != nullptr) {
            *pointer_ = sequence_;
        }
    }
    void anchor();

    static constexpr std::uint64_t kSuspicious_ns = 20'000;

    volatile std::uint64_t* pointer_ = nullptr;  // the thread's, or null: not used
    std::uint64_t sequence_ = 0;                 // what it holds while the thread keeps its CPU
    ClockKind clock_ = ClockKind::monotonic;
    double ticks_per_ns_ = 1;
    Ticks suspicious_ = 0;
    // Both clocks at the same moment, and by how much the CPU's was ahead since.
    Ticks anchor_ = 0;
    std::uint64_t anchor_cpu_ns_ = 0;
    double ahead_ = 0;
};

}  // namespace wasmax::trace
