#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>

namespace wasmax::runtime {

/// Threads that sleep until another one notifies the address they wait on: a parking lot. Serves
/// words of any width, which a futex does not. Threads: any. wasm: threads proposal
class WaitQueue {
public:
    /// As compiled code gets it.
    enum class Outcome : std::uint32_t { woken = 0, not_equal = 1, timed_out = 2 };

    /// Sleeps if the word at `address` is `expected`. Between the comparison and the sleep no
    /// notify() gets lost. Without a timeout it sleeps until it is woken.
    [[nodiscard]] Outcome wait(const std::uint32_t* address, std::uint32_t expected,
                               std::optional<std::chrono::nanoseconds> timeout);
    [[nodiscard]] Outcome wait(const std::uint64_t* address, std::uint64_t expected,
                               std::optional<std::chrono::nanoseconds> timeout);

    /// Wakes at most `count` of those who wait on `address`, in the order in which they came, and
    /// returns how many.
    std::uint32_t notify(const void* address, std::uint32_t count);

private:
    struct Waiter {
        const void* address;
        bool woken = false;
        std::condition_variable wake{};
    };
    struct Bucket {
        std::mutex mutex;  // guards the list and its waiters; held with no other
        std::list<Waiter*> waiters;
    };

    template <class Word>
    Outcome wait_for(const Word* address, Word expected,
                     std::optional<std::chrono::nanoseconds> timeout);
    Bucket& bucket(const void* address);

    static constexpr std::size_t kBuckets = 64;
    std::array<Bucket, kBuckets> buckets_;
};

}  // namespace wasmax::runtime
