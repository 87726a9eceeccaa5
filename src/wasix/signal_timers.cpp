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

bool SignalTimers::set(Signal signal, Setting setting) {
    constexpr std::chrono::nanoseconds kNone = std::chrono::nanoseconds::zero();
    // A shorter interval would leave no time for anything else.
    constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(50);
    constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
    const std::lock_guard guard(mutex_);
    auto& timer = timers_[static_cast<std::size_t>(signal)];
    if (setting.first == kNone) {
        timer.reset();
        return true;
    }
    const auto first = std::clamp(setting.first, kShortest, kLongest);
    const auto interval =
        setting.interval == kNone ? kNone : std::clamp(setting.interval, kShortest, kLongest);
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) {  // how std::thread says so
            return false;
        }
    }
    timer = Timer{Clock::now() + first, interval};
    changed_.notify_one();
    return true;
}

SignalTimers::Setting SignalTimers::left(Signal signal) {
    const std::lock_guard guard(mutex_);
    const auto& timer = timers_[static_cast<std::size_t>(signal)];
    if (!timer.has_value()) {
        return {};
    }
    // One that is about to come is not over yet.
    constexpr std::chrono::nanoseconds kSoon = std::chrono::microseconds(1);
    return {std::max<std::chrono::nanoseconds>(timer->next - Clock::now(), kSoon), timer->interval};
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
        if (timer->interval != std::chrono::nanoseconds::zero()) {
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
