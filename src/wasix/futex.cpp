// Waiting for words of the guest's memory; memory.atomic.wait and notify of the same addresses are
// the same thing. wasix: 8.7, 8.8

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/result.h"
#include "base/units.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/wait_queue.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// Of memory 0, which there is when word() found the address in it.
runtime::WaitQueue& waiters(const Caller& caller) {
    return caller.context.instance->memory({0}).waiters();
}

/// Errors: memviolation; inval (not aligned, or the caller is no instance).
Result<const std::uint32_t*, Errno> word(const Caller& caller, GuestPointer<std::uint32_t> futex) {
    const MutableByteView bytes = TRY(caller.memory.view(futex.address, sizeof(std::uint32_t)));
    if (futex.address % sizeof(std::uint32_t) != 0 || caller.context.instance == nullptr) {
        return fail(Errno::inval);
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): only the kernel reads it.
    return reinterpret_cast<const std::uint32_t*>(bytes.data());
}

}  // namespace

/// False: the time is over. An interruption wakes, as POSIX allows it to. wasix: 8.9
Result<Bool, Errno> wasix_32v1::futex_wait(Caller& caller, GuestPointer<std::uint32_t> futex,
                                           std::uint32_t expected,
                                           GuestPointer<const OptionTimestamp> timeout) {
    const std::uint32_t* const address = TRY(word(caller, futex));
    const OptionTimestamp limit = TRY(caller.memory.load(timeout));
    runtime::WaitQueue::Deadline deadline;
    constexpr Timestamp kMost = std::numeric_limits<std::int64_t>::max();
    if (limit.tag != 0 && limit.value <= kMost) {
        deadline = runtime::WaitQueue::after(
            std::chrono::nanoseconds(static_cast<std::int64_t>(limit.value)));
    }
    const auto outcome = waiters(caller).wait(address, expected, deadline);
    return outcome == runtime::WaitQueue::Outcome::timed_out ? Bool::false_ : Bool::true_;
}

Result<Bool, Errno> wasix_32v1::futex_wake(Caller& caller, GuestPointer<std::uint32_t> futex) {
    const std::uint32_t* const address = TRY(word(caller, futex));
    waiters(caller).notify(address, 1);
    return Bool::true_;
}

Result<Bool, Errno> wasix_32v1::futex_wake_all(Caller& caller, GuestPointer<std::uint32_t> futex) {
    const std::uint32_t* const address = TRY(word(caller, futex));
    waiters(caller).notify(address, std::numeric_limits<std::uint32_t>::max());
    return Bool::true_;
}

}  // namespace wasmax::wasix
