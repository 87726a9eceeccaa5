#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/mapping.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {

/// What wasm code has of a fiber's stack. Below come kHostStackBytes for host calls and for what
/// they call: signal handlers of the guest start there, and so take from the wasm part what is
/// left of it. Only what is touched costs memory.
inline constexpr Bytes kFiberStack{kMiB};

/// Native stacks for fibers, of one size and each above a guard, of which those that are given back
/// are used again. Threads: one at a time.
class FiberStacks {
public:
    /// Errors: host (address space, or the number of mappings).
    [[nodiscard]] Result<Mapping, Error> take();
    void give_back(Mapping stack);

private:
    std::vector<Mapping> free_;  // at most kMaxFree: they keep the pages that were touched
    static constexpr std::size_t kMaxFree = 16;
};

/// One of the native stacks that a guest thread runs on, with what belongs to it: how deep wasm
/// code may go, and where traps land. One runs at a time; switching is a plain call and knows
/// nothing of the kernel. Threads: the ThreadState's. (decisions 0017)
class Fiber {
public:
    /// What runs on a new stack. Returns the fiber to go on with, for good: its own is finished.
    using Body = Fiber& (*)(void* argument) noexcept;

    /// The one that is running on `thread`, which has none yet: the host thread's own stack.
    explicit Fiber(ThreadState& thread);
    /// One that has not begun; `stack` is of FiberStacks.
    Fiber(ThreadState& thread, Mapping stack, Body body, void* argument);
    /// Not of one whose body has begun and not finished: its frames would own what nobody frees.
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Suspends this fiber, which is running, and runs `next`, which is not and has not finished.
    /// Returns when somebody switches to this one.
    void switch_to(Fiber& next) noexcept;

    /// For the entry of a new stack: what runs there first.
    [[noreturn]] void run() noexcept;

    /// The stack of one that has finished or never begun. It has none then.
    [[nodiscard]] Mapping take_stack() { return std::move(stack_); }

private:
    friend std::vector<std::span<const std::uintptr_t>> suspended_stacks(const ThreadState& thread);

    enum class State : std::uint8_t { running, suspended, finished };

    /// Makes it the one that runs, but for the stack pointer.
    void enter(void** left_fake_stack) noexcept;
    ThreadState& thread_;
    Mapping stack_;
    const ThreadState::Stack bounds_;
    State state_;
    void* sp_ = nullptr;  // while suspended
    TrapScope* scope_ = nullptr;
    void* fake_stack_ = nullptr;  // AddressSanitizer's
    const Body body_ = nullptr;
    void* const argument_ = nullptr;
    Fiber* previous_ = nullptr;  // in the thread's list
    Fiber* next_ = nullptr;
};

/// The words of the stacks of `thread` that do not run, saved registers included: where references
/// to exceptions may be.
[[nodiscard]] std::vector<std::span<const std::uintptr_t>> suspended_stacks(
    const ThreadState& thread);

}  // namespace wasmax::runtime
