// Signals: the calls. What happens to a signal is in signals.cpp. wasix: 9

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/signal_timers.h"
#include "wasix/signals.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"
#include "wasix/thread_group.h"

namespace wasmax::wasix {

/// It returns nothing, so a name outside the memory is ignored.
void wasix_32v1::callback_signal(Caller& caller, GuestString callback) {
    if (const auto name = caller.memory.text(callback)) {
        caller.process.signals().set_callback(caller, *name);
    }
}

/// A process starts with the default disposition of every signal. wasix: 9.6
Result<Size, Errno> wasix_32v1::proc_signals_sizes_get(Caller& /*caller*/) { return Size{0}; }

Result<void, Errno> wasix_32v1::proc_signals_get(Caller& /*caller*/,
                                                 GuestPointer<SignalDisposition> /*buf*/) {
    return {};
}

/// To the calling thread, before the call returns.
Result<void, Errno> wasi_snapshot_preview1::proc_raise(Caller& caller, Signal sig) {
    return caller.process.signals().send_to(caller.thread.tid, sig);
}

/// wasix: 9.7
Result<void, Errno> wasix_32v1::proc_signal(Caller& caller, Pid pid, Signal signal) {
    if (pid != caller.process.pid()) {
        return fail(Errno::srch);
    }
    return caller.process.signals().send_to_process(signal);
}

Result<void, Errno> wasix_32v1::thread_signal(Caller& caller, Tid tid, Signal signal) {
    constexpr Tid kMainThread{0x3fff'ffff};  // wasix: 8.3
    const Tid main = caller.process.threads().main().tid;
    return caller.process.signals().send_to(tid == kMainThread ? main : tid, signal);
}

/// In nanoseconds; 0 cancels. There is one timer per signal. wasix: 9.8
Result<void, Errno> wasix_32v1::proc_raise_interval(Caller& caller, Signal sig, Timestamp interval,
                                                    Bool repeat) {
    constexpr Timestamp kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::uint8_t kMaxSignal = 63;
    if (static_cast<std::uint8_t>(sig) > kMaxSignal) {
        return fail(Errno::inval);
    }
    const auto interval_ns =
        std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(interval, kMost)));
    if (!caller.process.signal_timers().set(sig, interval_ns, repeat != Bool::false_)) {
        return fail(Errno::again);
    }
    return {};
}

}  // namespace wasmax::wasix
