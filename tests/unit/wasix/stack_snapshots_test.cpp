#include "wasix/stack_snapshots.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "abi/vm_context.h"
#include "wasix/guest_memory.h"
#include "wasix/resumable_call.h"

namespace wasmax::wasix {
namespace {

class Snapshots : public testing::Test {
protected:
    static constexpr std::size_t kStackBytes = std::size_t{256} * 1024;
    /// More than are kept without a search.
    static constexpr int kMany = 1000;

    std::uint64_t add(std::vector<std::byte> c_stack = std::vector<std::byte>(kStackBytes)) {
        const std::uint64_t id = snapshots_.next_id();
        StackSnapshots::Snapshot snapshot;
        snapshot.stack.c_stack = std::move(c_stack);
        snapshot.call = call(1);
        EXPECT_TRUE(snapshots_.add(id, std::move(snapshot), GuestMemory(&state_)).has_value());
        return id;
    }
    void store(std::size_t at, std::uint64_t id) { std::memcpy(&memory_[at], &id, sizeof id); }
    /// Only an address, as those who keep snapshots use it.
    [[nodiscard]] const ResumableCall* call(std::size_t number) const {
        return reinterpret_cast<const ResumableCall*>(&memory_[number * 8]);
    }

    alignas(8) std::array<std::byte, 65536> memory_{};
    abi::MemoryState state_{memory_.data(), memory_.size()};
    StackSnapshots snapshots_;
};

TEST_F(Snapshots, AreKeptWhileTheirIdsAreInMemory) {
    const std::uint64_t kept = add();
    store(65528, kept);
    const std::uint64_t forgotten = add();
    for (int i = 0; i < kMany; ++i) {
        store(8, add());  // as a loop does that saves its stack in one place
    }
    EXPECT_NE(snapshots_.find(kept), nullptr);
    EXPECT_EQ(snapshots_.find(forgotten), nullptr);
    EXPECT_LT(snapshots_.count(), 20U) << "what nobody can name takes no memory";
}

TEST_F(Snapshots, AreKeptWhileAnotherWouldBringTheirIdsBack) {
    const std::uint64_t inner = add();
    std::vector<std::byte> stack(kStackBytes);
    std::memcpy(&stack[1004], &inner, sizeof inner);
    const std::uint64_t outer = add(stack);
    std::memcpy(&stack[1004], &outer, sizeof outer);
    store(16, add(stack));
    for (int i = 0; i < kMany; ++i) {
        add();
    }
    EXPECT_NE(snapshots_.find(outer), nullptr);
    EXPECT_NE(snapshots_.find(inner), nullptr);
    store(16, 0);
    for (int i = 0; i < kMany; ++i) {
        add();
    }
    EXPECT_EQ(snapshots_.find(outer), nullptr);
    EXPECT_EQ(snapshots_.find(inner), nullptr);
}

TEST_F(Snapshots, ThatCanAllBeNamedHaveALimit) {
    std::uint64_t bytes = 0;
    for (std::size_t at = 0; bytes < kMaxSnapshotBytes; at += 8) {
        const std::uint64_t id = snapshots_.next_id();
        store(at, id);
        StackSnapshots::Snapshot snapshot;
        snapshot.stack.c_stack.resize(kStackBytes);
        bytes += snapshot.stack.bytes();
        const bool fits = bytes <= kMaxSnapshotBytes;
        const auto added = snapshots_.add(id, std::move(snapshot), GuestMemory(&state_));
        EXPECT_EQ(added.has_value(), fits) << bytes;
        EXPECT_EQ(snapshots_.find(id) != nullptr, fits);
    }
    memory_ = {};
    add();  // there is room again
}

TEST_F(Snapshots, EndWithTheirCall) {
    const std::uint64_t id = add();
    snapshots_.forget(*call(2));
    EXPECT_NE(snapshots_.find(id), nullptr);
    snapshots_.forget(*call(1));
    EXPECT_EQ(snapshots_.find(id), nullptr);
    EXPECT_EQ(snapshots_.count(), 0U);
}

}  // namespace
}  // namespace wasmax::wasix
