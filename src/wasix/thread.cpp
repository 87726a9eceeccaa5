// Threads. wasix: 8

#include "wasix/thread.h"

#include <sched.h>
#include <time.h>

#include <cstdint>

#include "base/result.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread_group.h"

namespace wasmax::wasix {

Result<void, Errno> wasi_snapshot_preview1::sched_yield(Caller& /*caller*/) {
    ::sched_yield();  // always succeeds on Linux
    return {};
}

Result<Tid, Errno> wasix_32v1::thread_id(Caller& caller) { return caller.thread.tid; }

Result<Size, Errno> wasix_32v1::thread_parallelism(Caller& /*caller*/) {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return Size{1};  // more than 1,024 processors
    }
    return static_cast<Size>(CPU_COUNT(&allowed));
}

Result<void, Errno> wasix_32v1::thread_sleep(Caller& caller, Timestamp duration) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail
    const std::int64_t now_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
    const auto left_ns = static_cast<Timestamp>(io::kNever - now_ns);
    const std::int64_t deadline_ns =
        duration < left_ns ? now_ns + static_cast<std::int64_t>(duration) : io::kNever;
    const auto slept = caller.process.io().run(io::Poll{{}, deadline_ns});
    if (!slept.has_value()) {
        return fail(from_host(slept.error()));
    }
    return {};
}

/// The code is ignored. wasix: 8.4
ProcessExit wasix_32v1::thread_exit(Caller& /*caller*/, std::uint32_t /*rval*/) {
    return {.code = 0, .only_thread = true};
}

Result<void, Errno> wasix_32v1::thread_join(Caller& caller, Tid tid) {
    return caller.process.threads().join(caller, tid);
}

/// The stack and the thread-local storage that `args` describes are the guest's to set up.
/// wasix: 8.2
Result<Tid, Errno> wasix_32v1::thread_spawn_v2(Caller& caller,
                                               GuestPointer<const ThreadStart> args) {
    return caller.process.threads().spawn(caller, args.address);
}

Result<Tid, Errno> wasi::thread_spawn(Caller& caller, GuestPointer<const ThreadStart> start_arg) {
    return caller.process.threads().spawn(caller, start_arg.address);
}

}  // namespace wasmax::wasix
