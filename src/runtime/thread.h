#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "abi/exception.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/exception_heap.h"
#include "runtime/interrupt.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {

class Fiber;
class Instance;
class Store;

/// Native stack that is left to host code below the guest's limit.
inline constexpr std::uint64_t kHostStackBytes = 256 * kKiB;

/// The calls that the latest throw left, for when nothing catches it; and where it was caught, so
/// that throwing on from there continues the list.
struct ThrowTrace {
    const abi::Exception* exception = nullptr;
    std::uintptr_t landed_at = 0;  ///< the frame address of the function that caught it
    std::uint32_t count = 0;       ///< of pcs
    std::array<std::uintptr_t, kMaxTrapFrames> pcs{};  ///< return addresses, innermost first
};

struct ThreadOptions {
    /// How much of the calling thread's stack guests may use; less if the thread has less.
    Bytes stack{8 * kMiB};
};

/// The host's side of a guest thread: what a native entry finds at VmContext::thread. Created on
/// the host thread that will run it, used and destroyed there; several may exist on one host
/// thread.
struct ThreadState {
    /// Guests run on the calling thread's own stack, from here down to `options.stack`, its end, or
    /// whichever comes first, less kHostStackBytes (run_with_stack gives a thread more).
    /// Errors: host; limit (the stack that is left is too small); unsupported (the CPU).
    [[nodiscard]] static Result<std::unique_ptr<ThreadState>, Error> create(
        Store& store, const ThreadOptions& options = {});
    ~ThreadState();
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

    /// Of a native stack.
    struct Stack {
        std::uintptr_t limit;  ///< lowest frame address of wasm functions
        std::uintptr_t low;    ///< its end; the guard is below
        std::uintptr_t high;
    };

    Store& store;
    void* host = nullptr;  ///< the embedder's: wasix keeps its thread here
    Stack stack;  ///< the one in use; VmContext::stack_limit is its limit, or ~0 to ask for a visit
    Fiber* fibers = nullptr;  ///< a list of all, if it ever had more stacks than its own (fiber.h)
    abi::VmContext** const contexts;  ///< by module number, null where not instantiated
    TrapRecord trap;                  ///< the latest trap
    Interruption interruption;        ///< how others interrupt it
    /// Called for Request::visit, on this thread; may call wasm code. Null: nobody cares.
    VisitOutcome (*visitor)(ThreadState& thread) noexcept = nullptr;
    ExceptionHeap exceptions;
    ThrowTrace throw_trace;

    /// Makes `context` that of module `number`, and says in it which thread it belongs to.
    void bind(abi::VmContext& context, std::uint32_t number);
    /// The next wasm function that calls others, or is entered by the host, attends to requests.
    /// Async-signal-safe.
    void visit_at_next_call() noexcept;
    /// For Fiber: wasm code that is entered or returned to from now on uses this stack.
    void use_stack(const Stack& next) noexcept;
    /// Keeps an instance that only this thread uses (Instance::replicate).
    Instance& own(std::unique_ptr<Instance> instance);

private:
    ThreadState(Store& of, const Stack& bounds, Mapping context_array, Mapping spill_area);

    Mapping contexts_;
    Mapping spill_;
    std::atomic<std::uint32_t> context_count_{0};  // all of `contexts` that is in use
    std::vector<std::unique_ptr<Instance>> instances_;
    abi::VmContext host_context_{};  // module number 0: native functions
};

/// Ends the guest: the innermost call() on this thread, which must be one of `thread`, returns
/// Left{reason}. For native entries, when every C++ frame with a destructor is gone.
[[noreturn]] void leave(ThreadState& thread, std::uint64_t reason) noexcept;

/// Likewise, with a trap whose backtrace starts at the innermost wasm function.
[[noreturn]] void raise_trap(ThreadState& thread, abi::TrapCode code) noexcept;

/// Likewise, with the latest trap of the thread once more, and its backtrace: a call() on another
/// stack of the thread has returned it.
[[noreturn]] void raise_recorded_trap(ThreadState& thread) noexcept;

/// To be called by native entries when every C++ frame with a destructor is gone, just before they
/// return to wasm code: does what others ask of the thread.
inline void attend_to_requests(ThreadState& thread) noexcept {
    if (thread.interruption.is_requested()) [[unlikely]] {
        attend(thread);
    }
}

/// Calls `body` on a new thread with this stack for guests, which nobody waits for: `body` says
/// itself when it is done, and after that the thread only ends. Errors: host.
/// linux: pthread_create(3)
[[nodiscard]] Result<void, Error> start_thread(Bytes stack, std::function<void()> body);

/// Calls `body` on a stack that has at least `stack` left: this thread's if it has, else that of a
/// new thread, which has ended when this returns. Errors: host. linux: pthread_create(3)
[[nodiscard]] Result<void, Error> run_with_stack(Bytes stack, const std::function<void()>& body);

}  // namespace wasmax::runtime
