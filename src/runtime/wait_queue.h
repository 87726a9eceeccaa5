#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>

namespace wasmax::runtime {

/// Threads that sleep until another one notifies the address they wait on. A 32-bit word is a futex
/// of the kernel's; a 64-bit one, which the kernel cannot compare, has a list of waiters. Threads:
/// any. wasm: threads proposal
class WaitQueue {
public:
    /// The first three as compiled code gets them.
    enum class Outcome : std::uint32_t {
        woken = 0,
        not_equal = 1,
        timed_out = 2,
        interrupted = 3,  ///< a signal came, and interruption_flag() is set
    };
    /// Nothing: never.
    using Deadline = std::optional<std::chrono::steady_clock::time_point>;

    /// `timeout` from now. It is not negative, and may be the longest there is.
    [[nodiscard]] static Deadline after(std::chrono::nanoseconds timeout);

    /// Sleeps if the word at `address` is `expected`. Between the comparison and the sleep no
    /// notify() gets lost.
    [[nodiscard]] Outcome wait(const std::uint32_t* address, std::uint32_t expected,
                               Deadline deadline);
    [[nodiscard]] Outcome wait(const std::uint64_t* address, std::uint64_t expected,
                               Deadline deadline);

    /// Wakes at most `count` of those who wait on `address`, in the order in which they came, and
    /// returns how many.
    std::uint32_t notify(const void* address, std::uint32_t count);

private:
    struct Waiter {
        const void* address;
        std::atomic<std::uint32_t> woken{0};
    };
    struct alignas(64) Bucket {
        std::atomic<std::uint32_t> sleepers{0};  // so that notify() need not ask the kernel
        std::mutex mutex;                        // guards the list; held with no other
        std::list<Waiter*> waiters;              // on 64-bit words
    };

    Bucket& bucket(const void* address);
    static std::uint32_t notify_wide(Bucket& bucket, const void* address, std::uint32_t count);

    static constexpr std::size_t kBuckets = 64;
    std::array<Bucket, kBuckets> buckets_;
};

}  // namespace wasmax::runtime
