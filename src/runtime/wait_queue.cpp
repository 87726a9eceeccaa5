#include "runtime/wait_queue.h"

#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

namespace wasmax::runtime {
namespace {

/// Longer waits would overflow the clock, and end after everybody is gone.
constexpr std::chrono::nanoseconds kLongestTimeout = std::chrono::hours(24 * 365 * 100);

}  // namespace

WaitQueue::Bucket& WaitQueue::bucket(const void* address) {
    const auto number = std::bit_cast<std::uintptr_t>(address);
    // Neighbouring words, and the same word of neighbouring pages, in different buckets.
    return buckets_[((number >> 2U) ^ (number >> 12U)) % kBuckets];
}

template <class Word>
WaitQueue::Outcome WaitQueue::wait_for(const Word* address, Word expected,
                                       std::optional<std::chrono::nanoseconds> timeout) {
    const auto start = std::chrono::steady_clock::now();
    Bucket& bucket = this->bucket(address);
    std::unique_lock lock(bucket.mutex);
    // Who changes the word and then notifies needs the lock, so it finds us in the list.
    if (__atomic_load_n(address, __ATOMIC_SEQ_CST) != expected) {
        return Outcome::not_equal;
    }
    Waiter waiter{.address = address};
    const auto place = bucket.waiters.insert(bucket.waiters.end(), &waiter);
    const auto woken = [&waiter] { return waiter.woken; };
    if (!timeout.has_value() || *timeout > kLongestTimeout) {
        waiter.wake.wait(lock, woken);
    } else if (!waiter.wake.wait_until(lock, start + *timeout, woken)) {
        bucket.waiters.erase(place);
        return Outcome::timed_out;
    }
    return Outcome::woken;  // notify() took us off the list
}

WaitQueue::Outcome WaitQueue::wait(const std::uint32_t* address, std::uint32_t expected,
                                   std::optional<std::chrono::nanoseconds> timeout) {
    return wait_for(address, expected, timeout);
}

WaitQueue::Outcome WaitQueue::wait(const std::uint64_t* address, std::uint64_t expected,
                                   std::optional<std::chrono::nanoseconds> timeout) {
    return wait_for(address, expected, timeout);
}

std::uint32_t WaitQueue::notify(const void* address, std::uint32_t count) {
    Bucket& bucket = this->bucket(address);
    const std::lock_guard lock(bucket.mutex);
    std::uint32_t woken = 0;
    for (auto next = bucket.waiters.begin(); next != bucket.waiters.end() && woken < count;) {
        Waiter& waiter = **next;
        if (waiter.address != address) {
            ++next;
            continue;
        }
        next = bucket.waiters.erase(next);
        waiter.woken = true;
        waiter.wake.notify_one();  // with the lock held: the waiter may be gone without it
        ++woken;
    }
    return woken;
}

}  // namespace wasmax::runtime
