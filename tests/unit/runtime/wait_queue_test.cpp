#include "runtime/wait_queue.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wasmax::runtime {
namespace {

using namespace std::chrono_literals;
using Outcome = WaitQueue::Outcome;

/// Wakes those who wait on `address` until it has woken `count`.
void notify_until(WaitQueue& queue, const void* address, std::uint32_t count) {
    for (std::uint32_t woken = 0; woken < count;) {
        woken += queue.notify(address, count - woken);
        std::this_thread::yield();
    }
}

TEST(WaitQueue, ComparesBeforeItSleeps) {
    WaitQueue queue;
    const std::uint32_t narrow = 1;
    const std::uint64_t wide = 1ULL << 32U;
    EXPECT_EQ(queue.wait(&narrow, 2, std::nullopt), Outcome::not_equal);
    EXPECT_EQ(queue.wait(&wide, 0, std::nullopt), Outcome::not_equal);
}

TEST(WaitQueue, TimesOut) {
    WaitQueue queue;
    const std::uint64_t word = 7;
    EXPECT_EQ(queue.wait(&word, 7, WaitQueue::after(0ns)), Outcome::timed_out);
    EXPECT_EQ(queue.wait(&word, 7, WaitQueue::after(1ms)), Outcome::timed_out);
    EXPECT_EQ(queue.notify(&word, 1), 0U) << "who timed out no longer waits";
}

TEST(WaitQueue, WakesAsManyAsAsked) {
    WaitQueue queue;
    const std::uint32_t word = 0;
    std::atomic<int> woken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            // The longest timeout does not overflow.
            EXPECT_EQ(queue.wait(&word, 0, WaitQueue::after(std::chrono::nanoseconds::max())),
                      Outcome::woken);
            ++woken;
        });
    }
    notify_until(queue, &word, 1);
    notify_until(queue, &word, 2);
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(woken, 3);
    EXPECT_EQ(queue.notify(&word, 1), 0U);
}

TEST(WaitQueue, AddressesAreApart) {
    WaitQueue queue;
    const std::vector<std::uint32_t> words(4096);
    std::thread waiter([&] { EXPECT_EQ(queue.wait(&words[1], 0, std::nullopt), Outcome::woken); });
    for (std::size_t i = 2; i < words.size(); ++i) {
        EXPECT_EQ(queue.notify(&words[i], 1), 0U);
    }
    notify_until(queue, &words[1], 1);
    waiter.join();
}

}  // namespace
}  // namespace wasmax::runtime
