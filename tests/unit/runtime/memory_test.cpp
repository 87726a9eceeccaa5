#include "runtime/memory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/units.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

std::unique_ptr<Memory> make(const wasm::Limits& limits, const MemoryOptions& options = {}) {
    auto memory = Memory::create({.limits = limits}, options);
    EXPECT_TRUE(memory.has_value()) << (memory ? "" : memory.error().message);
    return std::move(memory).value();
}

TEST(Memory, StartsAtItsMinimumAndIsZero) {
    const auto memory = make({.minimum = 2, .maximum = 3});
    EXPECT_EQ(memory->pages().count, 2U);
    EXPECT_EQ(memory->bytes().count, 2 * kWasmPageBytes);
    EXPECT_EQ(memory->base()[2 * kWasmPageBytes - 1], std::byte{0});
    EXPECT_EQ(memory->state()->base, memory->base());
}

TEST(Memory, GrowsInPlaceAndReturnsTheSizeBefore) {
    const auto memory = make({.minimum = 0, .maximum = 3});
    std::byte* const base = memory->base();
    EXPECT_EQ(memory->grow({0})->count, 0U);
    EXPECT_EQ(memory->grow({2})->count, 0U);
    EXPECT_EQ(memory->grow({1})->count, 2U);
    EXPECT_EQ(memory->base(), base);
    base[3 * kWasmPageBytes - 1] = std::byte{1};
    EXPECT_EQ(memory->grow({1}).error(), MemoryError::limit);
    EXPECT_EQ(memory->grow({~std::uint64_t{0}}).error(), MemoryError::limit);
    EXPECT_EQ(memory->pages().count, 3U);
}

TEST(Memory, WithoutMaximumIsLimitedBy32BitAddresses) {
    const auto memory = make({.minimum = 1, .maximum = {}});
    EXPECT_EQ(memory->grow({65536}).error(), MemoryError::limit);
    EXPECT_EQ(memory->grow({65535})->count, 1U);
    memory->base()[4 * kGiB - 1] = std::byte{1};
}

TEST(Memory, RespectsTheQuota) {
    const auto memory = make({.minimum = 1, .maximum = {}}, {.quota = {2}});
    EXPECT_EQ(memory->grow({2}).error(), MemoryError::quota);
    EXPECT_EQ(memory->grow({1})->count, 1U);
    EXPECT_EQ(memory->grow({1}).error(), MemoryError::quota);
    const auto refused = Memory::create({.limits = {.minimum = 3, .maximum = {}}}, {.quota = {2}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "a memory of 3 pages is more than this process may use");
}

TEST(Memory, GrowsFromManyThreadsWithoutLosingPages) {
    const auto memory = make({.minimum = 0, .maximum = 400});
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (unsigned index = 0; index < 4; ++index) {
        threads.emplace_back([&memory] {
            for (unsigned step = 0; step < 100; ++step) {
                const auto before = memory->grow({1});
                ASSERT_TRUE(before.has_value());
                memory->base()[before->bytes().count] = std::byte{1};
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(memory->pages().count, 400U);
    for (std::uint64_t page = 0; page < 400; ++page) {
        EXPECT_EQ(memory->base()[page * kWasmPageBytes], std::byte{1});
    }
}

}  // namespace
}  // namespace wasmax::runtime
