#include "wasix/signal_timers.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "io/thread_files.h"
#include "wasix/guest_types.h"
#include "wasix/signals.h"

namespace wasmax::wasix {

SignalTimers::~SignalTimers() {
    {
        const std::lock_guard guard(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

bool SignalTimers::set(Signal signal, std::chrono::nanoseconds interval, bool repeats) {
    // A shorter one would leave no time for anything else.
    constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(50);
    constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
    const std::lock_guard guard(mutex_);
    auto& timer = timers_[static_cast<std::size_t>(signal)];
    if (interval == std::chrono::nanoseconds::zero()) {
        timer.reset();
        return true;
    }
    interval = std::clamp(interval, kShortest, kLongest);
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) {  // how std::thread says so
            return false;
        }
    }
    timer = Timer{Clock::now() + interval, interval, repeats};
    changed_.notify_one();
    return true;
}

std::uint64_t SignalTimers::take_due() {
    std::uint64_t due = 0;
    const auto now = Clock::now();
    for (std::size_t number = 0; number < kSignals; ++number) {
        auto& timer = timers_[number];
        if (!timer.has_value() || timer->next > now) {
            continue;
        }
        due |= std::uint64_t{1} << number;
        if (timer->repeats) {
            timer->next = std::max(timer->next + timer->interval, now);
        } else {
            timer.reset();
        }
    }
    return due;
}

std::optional<SignalTimers::Clock::time_point> SignalTimers::next() const {
    std::optional<Clock::time_point> earliest;
    for (const auto& timer : timers_) {
        if (timer.has_value()) {
            earliest = earliest.has_value() ? std::min(*earliest, timer->next) : timer->next;
        }
    }
    return earliest;
}

void SignalTimers::run() {
    io::leave_files_to_others();
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (std::uint64_t due = take_due(); due != 0) {
            lock.unlock();
            for (; due != 0; due &= due - 1) {
                // The number is a signal's: no error.
                (void)signals_.send_to_process(static_cast<Signal>(std::countr_zero(due)));
            }
            lock.lock();
        } else if (const auto time = next()) {
            changed_.wait_until(lock, *time);
        } else {
            changed_.wait(lock);
        }
    }
}

}  // namespace wasmax::wasix
