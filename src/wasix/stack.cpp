// Stacks: saved and restored, for setjmp and longjmp of programs without wasm exceptions; and
// several of them, contexts. wasix: 11

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "wasix/contexts.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/resumable_call.h"
#include "wasix/stack_snapshots.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// Answers notsup where the stack cannot be unwound: in a module without asyncify, in a start
/// function, in a context.
/// deviates: `user` becomes 0 and not the address of the result (wasix: 11.5). libc's sigsetjmp
/// takes anything else for a signal mask that it had allocated, and frees it.
Result<std::uint64_t, Errno> wasix_32v1::stack_checkpoint(Caller& caller,
                                                          GuestPointer<StackSnapshot> snapshot) {
    ResumableCall* const call = caller.thread.resumable;
    if (call == nullptr) {
        return fail(Errno::notsup);
    }
    if (const auto resumed = call->take_resumed(caller)) {
        return *resumed;
    }
    TRY(caller.memory.check(snapshot));
    StackSnapshots& snapshots = caller.thread.snapshots;
    const std::uint64_t id = snapshots.next_id();
    const GuestMemory memory = caller.memory;
    const auto keep = [&snapshots, id, call,
                       memory](SavedStack stack) -> Result<std::uint64_t, Errno> {
        TRY(snapshots.add(id, {.stack = std::move(stack), .call = call}, memory));
        return 0;
    };
    TRY(call->unwind(caller, keep));
    TRY(caller.memory.store(snapshot, StackSnapshot{.user = 0, .hash = {id, 0}}));
    return 0;
}

/// Only the innermost wasm frames are left: those of an outer call, such as the one that a signal
/// handler interrupted, follow, until it is the one that made the snapshot.
ProcessExit wasix_32v1::stack_restore(Caller& caller, GuestPointer<const StackSnapshot> snapshot,
                                      std::uint64_t val) {
    const auto wanted = caller.memory.load(snapshot);
    if (!wanted.has_value()) {
        return {static_cast<std::uint32_t>(wanted.error())};
    }
    const ResumableCall* const innermost = caller.thread.resumable;
    const StackSnapshots::Snapshot* const found = caller.thread.snapshots.find(wanted->hash[0]);
    if (found == nullptr || wanted->hash[1] != 0 || innermost == nullptr ||
        !innermost->is_within(found->call)) {
        return {static_cast<std::uint32_t>(Errno::unknown)};  // wasix: 11.5
    }
    // 0 would look like the first return of the checkpoint.
    caller.thread.resumption = {found->call, &found->stack, val == 0 ? 1 : val};
    return {.code = 0, .only_thread = false, .resumes = true};
}

Result<void, Errno> wasix_32v1::context_create(Caller& caller,
                                               GuestPointer<std::uint64_t> new_context_ptr,
                                               GuestAddress entrypoint) {
    TRY(caller.memory.check(new_context_ptr));
    return caller.memory.store(new_context_ptr,
                               TRY(caller.thread.contexts.create(caller, entrypoint)));
}

ContextSwitch wasix_32v1::context_switch(Caller& caller, std::uint64_t next_context) {
    return caller.thread.contexts.find(next_context);
}

Result<void, Errno> wasix_32v1::context_destroy(Caller& caller, std::uint64_t context) {
    return caller.thread.contexts.destroy(caller.thread, context);
}

}  // namespace wasmax::wasix
