#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "wasix/guest_types.h"

namespace wasmax::wasix {

class Signals;

/// Sends signals to a guest process when their time comes, from a host thread that exists from the
/// first set() on. Threads: any. wasix: 9.8
class SignalTimers {
public:
    explicit SignalTimers(Signals& signals) : signals_(signals) {}
    ~SignalTimers();
    SignalTimers(const SignalTimers&) = delete;
    SignalTimers& operator=(const SignalTimers&) = delete;

    /// When a signal comes. posix: setitimer
    struct Setting {
        std::chrono::nanoseconds first{};     ///< from now; 0: never
        std::chrono::nanoseconds interval{};  ///< then again and again; 0: once only
    };

    /// Sends `signal`, below 64, as `setting` says, in place of what was set for it. False if there
    /// cannot be another host thread.
    [[nodiscard]] bool set(Signal signal, Setting setting);
    /// What is left of the timer of `signal`, below 64.
    [[nodiscard]] Setting left(Signal signal);

private:
    using Clock = std::chrono::steady_clock;
    struct Timer {
        Clock::time_point next;
        std::chrono::nanoseconds interval;  // 0: once
    };

    void run();
    /// A bit per signal that is due.
    std::uint64_t take_due();
    [[nodiscard]] std::optional<Clock::time_point> next() const;

    static constexpr std::size_t kSignals = 64;

    Signals& signals_;
    std::mutex mutex_;  // guards all below; no other lock is taken under it
    std::condition_variable changed_;
    std::array<std::optional<Timer>, kSignals> timers_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace wasmax::wasix
