#pragma once

#include <cstdint>

#include "abi/vm_context.h"
#include "runtime/thread.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

class Process;

/// A guest thread: what runtime::ThreadState::host points to. Outlives that ThreadState.
struct Thread {
    Process& process;
    Tid tid;
};

/// Who makes a system call: the first parameter of every handler. Lives as long as the call.
struct Caller {
    explicit Caller(const abi::VmContext& context)
        : thread(*static_cast<Thread*>(context.thread->host)),
          process(thread.process),
          memory(context.memory0) {}

    Thread& thread;
    Process& process;
    GuestMemory memory;
};

/// What a handler returns that ends the guest process: only the native entry leaves, when every
/// frame of the handler is gone.
struct ProcessExit {
    std::uint32_t code;  ///< as the guest gave it
};

}  // namespace wasmax::wasix
