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
namespace {

/// struct itimerval of the guest's libc, which the host of the other runtime reads with these
/// widths.
struct IntervalTimer {
    std::uint64_t interval_s;
    std::uint64_t interval_us;
    std::uint64_t value_s;
    std::uint64_t value_us;
};

/// A handler that raises its own signal is called again at once: whether it must wait (SA_NODEFER)
/// is known to the guest's libc, which keeps the masks.
Result<void, Errno> raise(Caller& caller, Signal signal) {
    constexpr std::uint8_t kMaxSignal = 63;
    if (const auto number = static_cast<std::uint8_t>(signal); number <= kMaxSignal) {
        caller.thread.handled_signals &= ~(std::uint64_t{1} << number);
    }
    return caller.process.signals().send_to(caller.thread.tid, signal);
}

constexpr std::uint64_t kMicroseconds = 1'000'000;

/// Errors: inval (microseconds that are no part of a second).
Result<std::chrono::nanoseconds, Errno> duration(std::uint64_t seconds,
                                                 std::uint64_t microseconds) {
    constexpr std::uint64_t kMostSeconds = std::uint64_t{1} << 32;  // enough, and no overflow
    if (microseconds >= kMicroseconds) {
        return fail(Errno::inval);
    }
    return std::chrono::nanoseconds(std::chrono::seconds(std::min(seconds, kMostSeconds)) +
                                    std::chrono::microseconds(microseconds));
}

IntervalTimer to_guest(const SignalTimers::Setting& setting) {
    const auto microseconds = [](std::chrono::nanoseconds time) {
        return static_cast<std::uint64_t>(
            std::chrono::ceil<std::chrono::microseconds>(time).count());
    };
    const std::uint64_t interval = microseconds(setting.interval);
    const std::uint64_t first = microseconds(setting.first);
    return {interval / kMicroseconds, interval % kMicroseconds, first / kMicroseconds,
            first % kMicroseconds};
}

}  // namespace

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
    return raise(caller, sig);
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
    const Tid receiver = tid == kMainThread ? main : tid;
    return receiver == caller.thread.tid ? raise(caller, signal)
                                         : caller.process.signals().send_to(receiver, signal);
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
    const bool repeats = repeat != Bool::false_;
    if (!caller.process.signal_timers().set(
            sig, {interval_ns, repeats ? interval_ns : std::chrono::nanoseconds::zero()})) {
        return fail(Errno::again);
    }
    return {};
}

/// setitimer: `ret_old` may be null. posix: setitimer
Result<void, Errno> wasix_32v1::proc_raise_interval2(Caller& caller, Signal sig,
                                                     GuestPointer<const std::byte> new_ptr,
                                                     GuestPointer<std::byte> ret_old) {
    constexpr std::uint8_t kMaxSignal = 63;
    if (static_cast<std::uint8_t>(sig) > kMaxSignal) {
        return fail(Errno::inval);
    }
    const auto timer = TRY(caller.memory.load(GuestPointer<const IntervalTimer>{new_ptr.address}));
    const GuestPointer<IntervalTimer> old{ret_old.address};
    if (old.address != 0) {
        TRY(caller.memory.check(old));
    }
    const SignalTimers::Setting setting{TRY(duration(timer.value_s, timer.value_us)),
                                        TRY(duration(timer.interval_s, timer.interval_us))};
    SignalTimers& timers = caller.process.signal_timers();
    const SignalTimers::Setting left = timers.left(sig);
    if (!timers.set(sig, setting)) {
        return fail(Errno::again);
    }
    return old.address == 0 ? Result<void, Errno>{} : caller.memory.store(old, to_guest(left));
}

}  // namespace wasmax::wasix
