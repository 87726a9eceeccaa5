#include "wasix/stack_snapshots.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"

namespace wasmax::wasix {
namespace {

/// Words that lie anywhere: asyncify packs locals, of which the narrowest have four bytes.
template <class Visit>
void each_word(ByteView bytes, const Visit& visit) {
    constexpr std::size_t kStep = 4;
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += kStep) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        visit(word);
    }
}

/// The guest's memory, in which jmp_bufs are aligned, and which its other threads may be writing.
template <class Visit>
void each_word_of(const GuestMemory& memory, const Visit& visit) {
    const auto all = memory.view(0, memory.bytes());
    auto* const words = reinterpret_cast<std::uint64_t*>(all->data());
    for (std::size_t index = 0; index < all->size() / sizeof(std::uint64_t); ++index) {
        visit(std::atomic_ref(words[index]).load(std::memory_order_relaxed));
    }
}

}  // namespace

std::uint64_t StackSnapshots::next_id() {
    std::uint64_t id = 0;
    do {
        id = kTag | (++latest_ & ~kTagMask);
    } while (snapshots_.contains(id));
    return id;
}

Result<void, Errno> StackSnapshots::add(std::uint64_t id, Snapshot snapshot,
                                        const GuestMemory& memory) {
    bytes_ += snapshot.stack.bytes();
    snapshots_.insert_or_assign(id, Entry{std::move(snapshot)});
    if (bytes_ > sweep_at_bytes_) {
        sweep(id, memory);
        if (bytes_ > kMaxSnapshotBytes) {
            bytes_ -= snapshots_.at(id).snapshot.stack.bytes();
            snapshots_.erase(id);
            return fail(Errno::overflow);
        }
    }
    return {};
}

const StackSnapshots::Snapshot* StackSnapshots::find(std::uint64_t id) const {
    const auto found = snapshots_.find(id);
    return found == snapshots_.end() ? nullptr : &found->second.snapshot;
}

void StackSnapshots::forget(const ResumableCall& call) {
    std::erase_if(snapshots_, [&](const auto& entry) {
        const Snapshot& snapshot = entry.second.snapshot;
        if (snapshot.call != &call) {
            return false;
        }
        bytes_ -= snapshot.stack.bytes();
        return true;
    });
}

void StackSnapshots::sweep(std::uint64_t newest, const GuestMemory& memory) {
    std::vector<const SavedStack*> pending;
    const auto name = [&](std::uint64_t word) {
        if ((word & kTagMask) != kTag) {
            return;
        }
        const auto found = snapshots_.find(word);
        if (found != snapshots_.end() && !found->second.is_named) {
            found->second.is_named = true;
            pending.push_back(&found->second.snapshot.stack);
        }
    };
    name(newest);  // it also has what the frames hold in locals
    each_word_of(memory, name);
    while (!pending.empty()) {
        const SavedStack& stack = *pending.back();
        pending.pop_back();
        each_word(stack.frames, name);
        each_word(stack.c_stack, name);
    }
    std::erase_if(snapshots_, [&](const auto& entry) {
        if (entry.second.is_named) {
            return false;
        }
        bytes_ -= entry.second.snapshot.stack.bytes();
        return true;
    });
    for (auto& [id, entry] : snapshots_) {
        entry.is_named = false;
    }
    // As much again as is in use, and more in a large memory: what a snapshot costs is bounded.
    constexpr std::uint64_t kMemoryShare = 8;
    sweep_at_bytes_ = std::min(
        std::max({kFirstSweepBytes, 2 * bytes_, memory.bytes() / kMemoryShare}), kMaxSnapshotBytes);
}

}  // namespace wasmax::wasix
