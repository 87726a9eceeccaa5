// Clocks.

#include <time.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "io/backend.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr std::array<clockid_t, 4> kHostClocks{CLOCK_REALTIME, CLOCK_MONOTONIC,
                                               CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

/// Errors: inval (no such clock).
Result<clockid_t, Errno> host_clock(Clockid id) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= kHostClocks.size()) [[unlikely]] {
        return fail(Errno::inval);
    }
    return kHostClocks[index];
}

Timestamp nanoseconds(const timespec& time) {
    return static_cast<Timestamp>(time.tv_sec) * 1'000'000'000 +
           static_cast<Timestamp>(time.tv_nsec);
}

using ClockCall = int (*)(clockid_t, timespec*);

/// `call` is clock_gettime or clock_getres.
template <ClockCall call>
Result<Timestamp, Errno> ask(clockid_t clock) {
    timespec time;
    if (call(clock, &time) != 0) [[unlikely]] {
        return fail(from_host(io::HostErrno{errno}));
    }
    return nanoseconds(time);
}

}  // namespace

Result<Timestamp, Errno> wasi_snapshot_preview1::clock_res_get(Caller& /*caller*/, Clockid id) {
    const clockid_t clock = TRY(host_clock(id));
    return ask<::clock_getres>(clock);
}

Result<Timestamp, Errno> wasi_snapshot_preview1::clock_time_get(Caller& caller, Clockid id,
                                                                Timestamp /*precision*/) {
    const clockid_t clock = TRY(host_clock(id));
    const Timestamp now = TRY(ask<::clock_gettime>(clock));
    return now + static_cast<Timestamp>(caller.process.clock_offset_ns(id));
}

/// The guest's own clock only: an offset to the host's. wasix: 4.1
Result<void, Errno> wasix_32v1::clock_time_set(Caller& caller, Clockid id, Timestamp timestamp) {
    const clockid_t clock = TRY(host_clock(id));
    const Timestamp now = TRY(ask<::clock_gettime>(clock));
    caller.process.set_clock_offset_ns(id, static_cast<std::int64_t>(timestamp - now));
    return {};
}

}  // namespace wasmax::wasix
