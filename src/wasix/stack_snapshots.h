#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "runtime/value.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"

namespace wasmax::wasix {

class ResumableCall;

/// Where in the guest's memory a thread's C stack grows down. wasix: 11.4
struct StackBounds {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

/// The stack of a guest thread during a host call: all that the call needs to return once more.
/// wasix: 11.3
struct SavedStack {
    StackBounds bounds;
    std::uint64_t pointer = 0;       ///< of the C stack
    std::vector<std::byte> frames;   ///< the locals of its wasm functions, as asyncify left them
    std::vector<std::byte> c_stack;  ///< [pointer, bounds.high)
    std::vector<runtime::Value> globals;  ///< the mutable ones

    /// The memory it takes here.
    [[nodiscard]] std::uint64_t bytes() const {
        return sizeof(SavedStack) + frames.size() + c_stack.size() +
               globals.size() * sizeof(runtime::Value);
    }
};

/// What a thread may hold in snapshots.
inline constexpr std::uint64_t kMaxSnapshotBytes = std::uint64_t{64} * 1024 * 1024;

/// The stacks that a guest thread can return to with stack_restore. The guest keeps their ids in
/// jmp_bufs, which it copies and forgets as it likes, so those that nobody can name any more are
/// found by a search for ids: in its memory, and in what the snapshots themselves would bring back.
/// Threads: its own.
class StackSnapshots {
public:
    struct Snapshot {
        SavedStack stack;
        const ResumableCall* call = nullptr;  ///< the call of an export that its frames belong to
    };

    /// What tells the snapshot that is made next from all others, in one word.
    [[nodiscard]] std::uint64_t next_id();

    /// Keeps a snapshot of the id that next_id() gave, until nobody can name it or its call ends.
    /// Errors: overflow (those that can still be named exceed kMaxSnapshotBytes).
    [[nodiscard]] Result<void, Errno> add(std::uint64_t id, Snapshot snapshot,
                                          const GuestMemory& memory);
    /// Null if there is none. Valid until the next add() or forget().
    [[nodiscard]] const Snapshot* find(std::uint64_t id) const;
    /// Drops those of a call that has ended: its frames cannot be entered again.
    void forget(const ResumableCall& call);

    /// For tests.
    [[nodiscard]] std::size_t count() const { return snapshots_.size(); }

private:
    struct Entry {
        Snapshot snapshot;
        bool is_named = false;  // during a search
    };
    void sweep(std::uint64_t newest, const GuestMemory& memory);

    // An id can be recognised: its upper half is this tag.
    static constexpr std::uint64_t kTag = std::uint64_t{0x57a6'5a9e} << 32;
    static constexpr std::uint64_t kTagMask = ~std::uint64_t{0} << 32;
    static constexpr std::uint64_t kFirstSweepBytes = std::uint64_t{1024} * 1024;

    std::map<std::uint64_t, Entry> snapshots_;
    std::uint64_t latest_ = 0;  // how many ids were given
    std::uint64_t bytes_ = 0;
    std::uint64_t sweep_at_bytes_ = kFirstSweepBytes;
};

/// What a ProcessExit that resumes asks for: that the host call in which `stack` was saved returns
/// `value`.
struct Resumption {
    const ResumableCall* call = nullptr;
    const SavedStack* stack = nullptr;  ///< of Thread::snapshots
    std::uint64_t value = 0;
};

}  // namespace wasmax::wasix
