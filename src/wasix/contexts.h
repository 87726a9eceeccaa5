#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "abi/vm_context.h"
#include "base/result.h"
#include "runtime/fiber.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

struct Caller;
struct Thread;

/// How many contexts a process may have, of all its threads: each is two mappings of the host's.
inline constexpr std::size_t kMaxContexts = 8192;

struct Context;

/// What context_switch does when the frames of its handler are gone.
struct ContextSwitch {
    Errno error = Errno::success;
    Context* target = nullptr;  ///< null: no switch
};

/// The stacks that a guest thread makes for itself and switches between. Context 0 is the thread's
/// own stack. The others end when their function returns or the guest ends in them: then the
/// thread's own goes on, with a trap, an exit or the same trap. Created by a thread, used by it
/// alone, and gone before its ThreadState. wasix: 11.7
class Contexts {
public:
    Contexts();
    ~Contexts();
    Contexts(const Contexts&) = delete;
    Contexts& operator=(const Contexts&) = delete;

    /// A context that will call entry `function` of the caller's table of functions. Errors: inval
    /// (no function of type () -> ()), nomem (kMaxContexts, or the host has no stack left).
    [[nodiscard]] Result<std::uint64_t, Errno> create(Caller& caller, GuestAddress function);
    /// To the context `id`: if it is the one that runs, nothing. Errors: inval (it does not exist,
    /// any more or at all).
    [[nodiscard]] ContextSwitch find(std::uint64_t id) const;
    /// Ends a context: its frames are left as those of a thread that exits. One that does not exist
    /// has ended. Errors: inval (the one that runs, or the thread's own).
    [[nodiscard]] Result<void, Errno> destroy(Thread& thread, std::uint64_t id);

    /// Runs another context until somebody switches back. For native entries, without C++ frames
    /// that own something: it may leave the calling one.
    static void switch_to(Thread& thread, Context& target) noexcept;

    /// Ends all, when the thread is on its own stack and in no wasm code. The ThreadState is alive.
    void end(Thread& thread);

private:
    static runtime::Fiber& run(void* context) noexcept;
    void go_to(Thread& thread, Context& target) noexcept;
    void cancel(Thread& thread, Context& context) noexcept;
    void drop(std::unique_ptr<Context> context);

    std::unordered_map<std::uint64_t, std::unique_ptr<Context>> contexts_;  // the main one, too
    Context* current_ = nullptr;         // null while there never was any
    std::unique_ptr<Context> finished_;  // whose stack may still be in use
    std::uint64_t latest_ = 0;           // id: never used again
    runtime::FiberStacks stacks_;
};

}  // namespace wasmax::wasix
