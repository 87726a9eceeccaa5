#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/clock.h"
#include "trace/shared.h"

namespace wasmax::trace {

/// A thread of the watched process, numbered in the order in which they were seen.
struct ThreadInfo {
    std::uint32_t id;
    std::int32_t host_tid;
    std::int32_t guest_tid;
    std::uint32_t padding = 0;
    std::uint64_t since;  ///< ticks
};

/// What was known of a thread at some moment: its own ledger, and what the kernel says of it.
struct ThreadSample {
    std::uint32_t id;
    std::uint32_t has_schedstat;  ///< 0: the kernel's figures are missing
    Ledger ledger;
    std::uint64_t self;
    std::uint64_t since;  ///< ticks: the ledger covers from here
    std::uint64_t until;  ///< ticks: to here
    std::uint64_t calls;
    std::uint64_t dropped;
    std::uint64_t run_ns;   ///< on a CPU. /proc/PID/task/TID/schedstat
    std::uint64_t wait_ns;  ///< runnable, waiting for a CPU
    std::uint64_t slices;   ///< times it was given a CPU
};

/// A moment on all clocks.
struct Moment {
    Ticks ticks;
    std::uint64_t monotonic_ns;
    std::uint64_t realtime_ns;
    std::uint64_t process_cpu_ns;  ///< user and system time of the process so far; 0: unknown
};

/// What recording itself adds to each part of a call's time, in ticks.
struct Cost {
    double guest;
    double glue;    ///< aggregate mode: to both, mean of all calls
    double kernel;  ///< aggregate mode: of calls that are split
    double split;   ///< aggregate mode: to both, of calls that are split
};

/// How a recording was made.
struct Recording {
    std::uint32_t pid;
    Mode mode;
    ClockKind clock;
    double ticks_per_ns;
    std::uint32_t detects_switches;
    Cost cost;
    Moment start;
    std::string command;  ///< of the watched process
};

/// Takes what a tracer reads. Each may fail, which ends the recording.
class Sink {
public:
    Sink() = default;
    virtual ~Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    virtual Result<void, Error> schema(std::string_view text) = 0;
    virtual Result<void, Error> thread(const ThreadInfo& thread) = 0;
    /// Whole records of a thread, in order. `base`: what the first one's begin counts from.
    virtual Result<void, Error> records(std::uint32_t thread, Ticks base, ByteView records) = 0;
    /// What aggregate mode has of a call so far; replaces what was given before.
    virtual Result<void, Error> totals(std::uint32_t thread, std::uint16_t call,
                                       const CallTotals& totals) = 0;
    virtual Result<void, Error> sample(const Moment& moment,
                                       const std::vector<ThreadSample>& threads) = 0;
};

/// The side of the process that watches. Threads: one.
class Tracer {
public:
    /// Finds the control block of process `pid`. Errors, with a sentence each: host (no such
    /// process, not ours), invalid (it is no wasmax process, or one of another version).
    [[nodiscard]] static Result<Tracer, Error> attach(pid_t pid);
    /// Takes the control block `memory` of process `pid`.
    [[nodiscard]] static Result<Tracer, Error> adopt(UniqueFd memory, pid_t pid);
    ~Tracer();
    Tracer(Tracer&&) noexcept;
    Tracer& operator=(Tracer&&) = delete;

    /// Measures clocks and costs (about 30 ms) and switches recording on. Errors: invalid (another
    /// tracer watches this process), host.
    [[nodiscard]] Result<void, Error> start(Mode mode);
    [[nodiscard]] const Recording& recording() const { return recording_; }

    /// Drains until the process ends or `should_stop`, looked at about every 20 ms, says so; then
    /// switches recording off. Errors: those of the sink; recording is off then too.
    [[nodiscard]] Result<void, Error> run(Sink& sink, const std::function<bool()>& should_stop);
    /// Whether the process has ended.
    [[nodiscard]] bool has_ended() const { return ended_; }
    /// Threads that were not recorded because there were too many.
    [[nodiscard]] std::uint64_t unrecorded() const { return control_->unrecorded.load(); }

private:
    struct Slot {
        std::byte* start = nullptr;  // mapped
        ThreadInfo info{};
        Ticks base = 0;
    };

    Tracer(UniqueFd memory, UniqueFd process, pid_t pid, Control* control);
    void stop();
    void reset_slot(std::size_t slot);
    [[nodiscard]] Result<bool, Error> drain(Sink& sink);
    [[nodiscard]] Result<std::size_t, Error> drain_slot(Slot& slot, Sink& sink);
    [[nodiscard]] Result<void, Error> sample(Sink& sink, const Slot* only);
    [[nodiscard]] Result<void, Error> give_totals(Sink& sink, const Slot& slot);
    [[nodiscard]] Result<void, Error> give_schema(Sink& sink);
    [[nodiscard]] Result<void, Error> loop(Sink& sink, const std::function<bool()>& should_stop);

    UniqueFd memory_;
    UniqueFd process_;  // pidfd
    pid_t pid_;
    Control* control_;
    Recording recording_{};
    std::array<Slot, kSlots> slots_{};
    std::uint32_t threads_ = 0;
    bool has_schema_ = false;
    bool watching_ = false;
    bool ended_ = false;
};

/// What recording a call costs on this machine. `detects_switches` as in Control. Errors: host.
[[nodiscard]] Result<Cost, Error> measure_cost(Mode mode, double ticks_per_ns,
                                               bool detects_switches);

}  // namespace wasmax::trace
