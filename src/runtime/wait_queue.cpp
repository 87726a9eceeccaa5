#include "runtime/wait_queue.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>

#include "base/interruption.h"

namespace wasmax::runtime {
namespace {

using Outcome = WaitQueue::Outcome;

/// Longer waits would overflow the clock, and end after everybody is gone.
constexpr std::chrono::nanoseconds kLongestTimeout = std::chrono::hours(24 * 365 * 100);

/// Sleeps while `word` is `expected`. steady_clock is CLOCK_MONOTONIC, which the kernel compares
/// the deadline with. linux: futex(2)
Outcome futex_wait(const std::uint32_t* word, std::uint32_t expected,
                   const WaitQueue::Deadline& deadline) {
    timespec until{};
    if (deadline.has_value()) {
        const auto since = deadline->time_since_epoch();
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
        until = {seconds.count(), std::chrono::nanoseconds(since - seconds).count()};
    }
    while (true) {
        const long result =
            ::syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                      deadline.has_value() ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
        const int error = result == 0 ? 0 : errno;
        if (error != EINTR) {
            return error == 0        ? Outcome::woken
                   : error == EAGAIN ? Outcome::not_equal
                                     : Outcome::timed_out;
        }
        if (interruption_flag().load(std::memory_order_relaxed)) {
            return Outcome::interrupted;
        }
    }
}

std::uint32_t futex_wake(const void* word, std::uint32_t count) {
    constexpr std::uint32_t kMost = std::numeric_limits<int>::max();
    const long woken = ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, std::min(count, kMost));
    return woken > 0 ? static_cast<std::uint32_t>(woken) : 0;
}

/// Counts this thread among those who may sleep. notify() reads the counter after the guest's store
/// to the word, we count before the word is read: one of the two sees the other.
class Sleeper {
public:
    explicit Sleeper(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1); }
    ~Sleeper() { count_.fetch_sub(1); }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

private:
    std::atomic<std::uint32_t>& count_;
};

}  // namespace

WaitQueue::Deadline WaitQueue::after(std::chrono::nanoseconds timeout) {
    return timeout > kLongestTimeout ? Deadline() : std::chrono::steady_clock::now() + timeout;
}

WaitQueue::Bucket& WaitQueue::bucket(const void* address) {
    const auto number = std::bit_cast<std::uintptr_t>(address);
    // Neighbouring words, and the same word of neighbouring pages, in different buckets.
    return buckets_[((number >> 2U) ^ (number >> 12U)) % kBuckets];
}

Outcome WaitQueue::wait(const std::uint32_t* address, std::uint32_t expected, Deadline deadline) {
    const Sleeper sleeper(bucket(address).sleepers);
    return futex_wait(address, expected, deadline);
}

Outcome WaitQueue::wait(const std::uint64_t* address, std::uint64_t expected, Deadline deadline) {
    Bucket& bucket = this->bucket(address);
    const Sleeper sleeper(bucket.sleepers);
    Waiter waiter{.address = address};
    std::unique_lock lock(bucket.mutex);
    // Who changes the word and then notifies needs the lock, so it finds us in the list.
    if (__atomic_load_n(address, __ATOMIC_SEQ_CST) != expected) {
        return Outcome::not_equal;
    }
    const auto place = bucket.waiters.insert(bucket.waiters.end(), &waiter);
    while (true) {
        lock.unlock();
        static_assert(sizeof waiter.woken == sizeof(std::uint32_t));
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): a futex is a plain word.
        const auto* word = reinterpret_cast<const std::uint32_t*>(&waiter.woken);
        const Outcome outcome = futex_wait(word, 0, deadline);
        lock.lock();
        if (waiter.woken.load() != 0) {
            return Outcome::woken;  // notify() took us off the list
        }
        if (outcome == Outcome::timed_out || outcome == Outcome::interrupted) {
            bucket.waiters.erase(place);
            return outcome;
        }
    }
}

std::uint32_t WaitQueue::notify_wide(Bucket& bucket, const void* address, std::uint32_t count) {
    const std::lock_guard lock(bucket.mutex);
    std::uint32_t woken = 0;
    for (auto next = bucket.waiters.begin(); next != bucket.waiters.end() && woken < count;) {
        Waiter& waiter = **next;
        if (waiter.address != address) {
            ++next;
            continue;
        }
        next = bucket.waiters.erase(next);
        waiter.woken.store(1);
        futex_wake(&waiter.woken, 1);  // with the lock held: the waiter may be gone without it
        ++woken;
    }
    return woken;
}

std::uint32_t WaitQueue::notify(const void* address, std::uint32_t count) {
    if (count == 0) {
        return 0;  // FUTEX_WAKE of none wakes one
    }
    Bucket& bucket = this->bucket(address);
    if (bucket.sleepers.fetch_add(0) == 0) {  // a read that no earlier store can pass
        return 0;
    }
    const std::uint32_t woken = futex_wake(address, count);
    return woken < count ? woken + notify_wide(bucket, address, count - woken) : woken;
}

}  // namespace wasmax::runtime
