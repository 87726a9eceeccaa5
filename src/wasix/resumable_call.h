#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "abi/vm_context.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasix/asyncify.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/stack_snapshots.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// A call of a guest's export whose stack can be saved during a host call, and resumed: the host
/// call returns again. The guest does the work, if it went through `wasm-opt --asyncify`: it
/// unwinds to the export, which returns to run(); that keeps what asyncify wrote, and calls the
/// export once more, which winds up to the same host call. Every export that a process calls is
/// called so. Calls nest on their thread (signal handlers), and each resumes its own stacks. Lives
/// on the stack of the thread. wasix: 11.2, 11.3
class ResumableCall {
public:
    /// What becomes of a stack that was saved: returns what the host call returns now.
    using Unwound = std::function<Result<std::uint64_t, Errno>(SavedStack)>;

    /// Of `function`, on the thread of `state`.
    ResumableCall(runtime::ThreadState& state, const runtime::Function& function);
    ~ResumableCall();
    ResumableCall(const ResumableCall&) = delete;
    ResumableCall& operator=(const ResumableCall&) = delete;

    /// As runtime::call(). A Left that resumes is one of an outer call.
    [[nodiscard]] runtime::CallOutcome run(std::span<const runtime::Value> arguments,
                                           std::span<runtime::Value> results);

    // For the handlers of host calls, on this thread, while this is its innermost call:

    /// What the host call must return at once, if it is one that returns again; else it is a new
    /// one.
    [[nodiscard]] std::optional<Result<std::uint64_t, Errno>> take_resumed(const Caller& caller);
    /// Starts unwinding. The handler returns, whatever it returns; when the stack is unwound,
    /// `then` gets it, and the handler is entered again. Errors: notsup (the module has no
    /// asyncify), overflow (no room on the C stack, or more of it than a thread may keep), inval (a
    /// stack is unwinding or winding already).
    [[nodiscard]] Result<void, Errno> unwind(const Caller& caller, Unwound then);

    /// Whether the stack is neither here nor there: no other code of the guest may run now.
    [[nodiscard]] bool is_moving() const { return phase_ != Phase::still; }
    /// Whether `call` is this one or one around it.
    [[nodiscard]] bool is_within(const ResumableCall* call) const;

private:
    enum class Phase : std::uint8_t { still, unwinding, winding };

    [[nodiscard]] GuestMemory memory() const;
    /// Both start winding up; they return an outcome if the guest ended instead.
    [[nodiscard]] std::optional<runtime::CallOutcome> resume_here();
    [[nodiscard]] std::optional<runtime::CallOutcome> resume(const SavedStack& stack,
                                                             std::uint64_t value);
    [[nodiscard]] std::optional<runtime::CallOutcome> wind_up(const StackBounds& bounds,
                                                              std::uint64_t start);
    /// Calls an export of asyncify's; false if it did not return: then the process ends.
    [[nodiscard]] bool step(Asyncify::Step step, std::uint64_t data);

    runtime::ThreadState& state_;
    Thread& thread_;
    const runtime::Function function_;
    const runtime::Instance* const instance_;
    ResumableCall* const outer_;
    Phase phase_ = Phase::still;
    bool has_snapshots_ = false;
    AddressWidth width_ = AddressWidth::bits32;  // that of the import that unwound
    std::optional<Asyncify> asyncify_;           // looked up when first needed
    StackBounds bounds_{};                       // while unwinding, as are those below
    std::uint64_t pointer_ = 0;
    Unwound then_;
    Result<std::uint64_t, Errno> value_{0};  // while winding: what the host call returns
};

}  // namespace wasmax::wasix
