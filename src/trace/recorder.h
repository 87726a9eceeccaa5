#pragma once

#include <cstddef>
#include <cstdint>

#include "base/units.h"
#include "trace/clock.h"
#include "trace/off_cpu.h"
#include "trace/record.h"
#include "trace/shared.h"

namespace wasmax::trace {

/// Records the calls of one thread into a slot: keeps its ledger, and per call a record in the ring
/// or totals. Never blocks: a record that finds the ring full is dropped and counted. Threads: one.
class Recorder {
public:
    struct Options {
        std::uint32_t watch;  ///< of Control
        ClockKind clock;
        double ticks_per_ns;
        bool detects_switches;
    };

    /// Writes to the mapped slot (map_slot()) at `slot`, which it unmaps if `owns` says so.
    Recorder(std::byte* slot, const Options& options, bool owns);
    /// Says that the thread has ended.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Whether it keeps arguments.
    [[nodiscard]] bool is_full() const {
        return (options_.watch & kModeMask) == static_cast<std::uint32_t>(Mode::full);
    }
    /// The tracer was killed: nothing has looked at the slot for kPatience_ns.
    [[nodiscard]] bool is_abandoned() const { return abandoned_; }
    /// The recording it belongs to.
    [[nodiscard]] std::uint32_t watch() const { return options_.watch; }

    /// A call that has begun.
    struct Call {
        std::uint16_t number;
        bool nested;  ///< in another one; else the guest called
        bool split;   ///< enter_kernel() and leave_kernel() are wanted
        Ticks begin;
        Ticks self, kernel, blocked;  ///< of the ledger when it began
        Ticks guest;                  ///< of the guest's time since the previous call ended
        Ticks preempted;              ///< likewise, not on a CPU
    };

    /// `number` must be below kMaxCalls. Inline, so that the call is written where it stays: copied
    /// in other pieces than it was written in, it stalls until the store is done.
    [[nodiscard, gnu::always_inline]] Call begin(std::uint16_t number) {
        const Ticks passed = pass();
        const bool nested = in_call_;
        (nested ? ledger_.glue : ledger_.guest) += passed;
        in_call_ = true;
        return {number,
                nested,
                wants_split(number),
                mark_,
                self_,
                ledger_.kernel,
                ledger_.blocked,
                ledger_.guest - previous_guest_,
                ledger_.blocked - previous_blocked_};
    }
    void enter_kernel() { ledger_.glue += pass(); }
    void leave_kernel() { ledger_.kernel += pass(); }
    /// `error` 0: it succeeded.
    void end(const Call& call, std::uint16_t error, ByteView payload);

private:
    static constexpr double kPatience_ns = 10e9;
    static constexpr std::uint64_t kLookEvery = 4096;  // calls

    // Of the calls in aggregate mode, the first ones are split, and then every eighth: by chance,
    // because a server repeats itself.
    static constexpr std::uint64_t kFirstSplits = 16;
    static constexpr std::uint64_t kSplitBelow = std::uint64_t{1} << 61;

    /// What of a call is a difference of the ledger.
    struct Times {
        Ticks total, kernel, blocked;
    };

    [[gnu::noinline, gnu::cold]] void look_for_tracer();
    /// Ends a span of time; returns what of it the thread was on the CPU.
    Ticks pass() {
        const Ticks time = now(options_.clock);
        const Ticks passed = time - mark_;
        mark_ = time;
        return off_cpu_.may_have_switched(passed) ? account_off_cpu(passed) : passed;
    }
    [[gnu::noinline, gnu::cold]] Ticks account_off_cpu(Ticks passed);
    [[nodiscard]] bool wants_split(std::uint16_t number) {
        constexpr std::uint64_t kFactor = 6364136223846793005;  // Knuth's, of MMIX
        random_ = random_ * kFactor + 1;
        return random_ <= split_below_ || totals(number).count < kFirstSplits;
    }
    void publish();
    void add_record(const Call& call, std::uint16_t error, ByteView payload);
    void add_totals(const Call& call, std::uint16_t error);
    [[nodiscard]] Times times_of(const Call& call) const {
        return {mark_ - call.begin - (self_ - call.self), ledger_.kernel - call.kernel,
                ledger_.blocked - call.blocked};
    }

    [[nodiscard]] CallTotals& totals(std::uint16_t call) {
        return reinterpret_cast<CallTotals*>(start_ + kSlotHeaderBytes)[call];
    }

    // What every call needs, together.
    std::byte* start_;
    SlotHeader& header_;
    Options options_;
    Ticks mark_ = 0;  // up to here the ledger is complete
    Ledger ledger_;
    Ticks self_ = 0;
    Ticks previous_guest_ = 0;  // when the previous call ended
    Ticks previous_blocked_ = 0;
    std::uint64_t calls_ = 0;
    std::uint64_t random_ = 1;
    std::uint64_t split_below_;
    bool in_call_ = false;
    bool lost_ = false;
    bool abandoned_ = false;
    bool owns_;
    OffCpu off_cpu_;
    std::byte* ring_;
    Ticks previous_begin_ = 0;  // of the previous record
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;  // as last seen
};

}  // namespace wasmax::trace
