#pragma once

#include <atomic>
#include <cstdint>

#include "abi/vm_context.h"
#include "io/poll_mirror.h"
#include "runtime/instance.h"
#include "runtime/thread.h"
#include "wasix/contexts.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/scratch.h"
#include "wasix/stack_snapshots.h"

namespace wasmax::wasix {

class Process;
class ResumableCall;

/// A guest thread: what runtime::ThreadState::host points to. Outlives that ThreadState.
struct Thread {
    Process& process;
    const Tid tid;
    /// What this thread's instance is a replica of; null for the main thread, whose instance is the
    /// original.
    const runtime::Instance* const original = nullptr;
    /// While it runs guest code, else null. Changed under the ThreadGroup's mutex, which others
    /// need to use it.
    std::atomic<runtime::ThreadState*> state{nullptr};

    // Signals (signals.h).
    std::atomic<std::uint64_t> pending_signals{0};  ///< bit n: signal n, sent to this thread
    std::atomic<bool> blocks_signals{false};        ///< they stay pending. wasix: 9.3
    std::uint64_t handled_signals = 0;              ///< whose handlers are running here

    // Saved stacks (resumable_call.h).
    StackBounds stack{};                 ///< of its C stack
    ResumableCall* resumable = nullptr;  ///< the innermost call of an export
    StackSnapshots snapshots{};
    Resumption resumption{};  ///< while a ProcessExit that resumes is under way

    Contexts contexts{};

    Scratch scratch{};             ///< for the length of a system call
    io::PollMirror poll_mirror{};  ///< of the large set that it polls
};

/// Who makes a system call: the first parameter of every handler. Lives as long as the call.
struct Caller {
    explicit Caller(const abi::VmContext& calling, AddressWidth width = AddressWidth::bits32)
        : context(calling),
          thread(*static_cast<Thread*>(calling.thread->host)),
          process(thread.process),
          memory(calling.memory0, width) {}

    const abi::VmContext& context;
    Thread& thread;
    Process& process;
    GuestMemory memory;
};

/// What a handler returns that ends the guest process, or only the calling thread, or goes on with
/// a stack that was saved: the native entry leaves, when every frame of the handler is gone.
struct ProcessExit {
    std::uint32_t code;  ///< as the guest gave it
    bool only_thread = false;
    bool resumes = false;  ///< Thread::resumption; nothing ends

    /// For runtime::leave(), and back.
    [[nodiscard]] std::uint64_t reason() const {
        return code | (only_thread ? kOnlyThread : 0) | (resumes ? kResumes : 0);
    }
    [[nodiscard]] static ProcessExit of(std::uint64_t reason) {
        return {static_cast<std::uint32_t>(reason), (reason & kOnlyThread) != 0,
                (reason & kResumes) != 0};
    }

private:
    static constexpr std::uint64_t kOnlyThread = std::uint64_t{1} << 32;
    static constexpr std::uint64_t kResumes = std::uint64_t{1} << 33;
};

}  // namespace wasmax::wasix
