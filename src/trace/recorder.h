#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"
#include "trace/clock.h"
#include "trace/off_cpu.h"
#include "trace/record.h"
#include "trace/shared.h"

namespace wasmax::trace {

/// What a thread is doing.
enum class Phase : std::uint8_t { guest, glue, kernel };

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
        Phase outer;  ///< what the thread did before: the guest, unless calls are nested
        Ticks begin;
        Ledger before;    ///< the ledger when it began
        Ticks guest;      ///< of the guest's time since the previous call ended
        Ticks preempted;  ///< likewise, not on a CPU
    };

    [[nodiscard]] Call begin(std::uint16_t number);
    void enter_kernel() { advance(Phase::kernel); }
    void leave_kernel() { advance(Phase::glue); }
    /// `error` 0: it succeeded.
    void end(const Call& call, std::uint16_t error, ByteView payload);

private:
    static constexpr double kPatience_ns = 10e9;
    static constexpr std::uint64_t kLookEvery = 4096;  // calls

    [[gnu::noinline, gnu::cold]] void look_for_tracer(Ticks time);
    Ticks advance(Phase next);
    [[gnu::noinline, gnu::cold]] Ticks account_off_cpu(Ticks time, Ticks passed);
    void publish(Ticks time);
    void add_record(const Call& call, std::uint16_t error, ByteView payload);
    void add_totals(const Call& call, std::uint16_t error);
    [[nodiscard]] std::array<Ticks, 3> times_of(const Call& call) const;

    [[nodiscard]] CallTotals& totals(std::uint16_t call) {
        return reinterpret_cast<CallTotals*>(start_ + kSlotHeaderBytes)[call];
    }

    std::byte* start_;
    SlotHeader& header_;
    std::byte* ring_;
    Options options_;
    bool owns_;
    OffCpu off_cpu_;
    Phase phase_ = Phase::guest;
    Ticks mark_ = 0;  // up to here the ledger is complete
    Ledger ledger_;
    Ticks self_ = 0;
    Ledger previous_;           // when the previous call ended
    Ticks previous_begin_ = 0;  // of the previous record
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;  // as last seen
    std::uint64_t calls_ = 0;
    bool lost_ = false;
    bool abandoned_ = false;
};

}  // namespace wasmax::trace
