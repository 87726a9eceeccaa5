// Processes: identity and exit.

#include <cstdint>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

ProcessExit wasi_snapshot_preview1::proc_exit(Caller& /*caller*/, std::uint32_t rval) {
    return {rval};
}

ProcessExit wasix_32v1::proc_exit2(Caller& /*caller*/, std::uint32_t rval) { return {rval}; }

Result<Pid, Errno> wasix_32v1::proc_id(Caller& caller) { return caller.process.pid(); }

/// wasix: 10.1
Result<Pid, Errno> wasix_32v1::proc_parent(Caller& caller, Pid pid) {
    if (pid != caller.process.pid()) {
        return fail(Errno::badf);
    }
    return caller.process.parent_pid();
}

/// There is no journal to write to. wasix: 10.14
Result<void, Errno> wasix_32v1::proc_snapshot(Caller& /*caller*/) { return {}; }

}  // namespace wasmax::wasix
