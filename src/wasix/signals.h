#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/interrupt.h"
#include "runtime/thread.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// The signals of a guest process. A signal is pending until a thread visits: at its next system
/// call or call of a wasm function, or because a call in which it is blocked fails with intr. Then
/// the export that callback_signal named is called with its number on that thread. Until a callback
/// is named, signals have their default action, which ends the process with 128 + n or does
/// nothing. Threads: any. wasix: 9
class Signals {
public:
    explicit Signals(Process& process) : process_(process) {}
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Signals go to the export `name` of the caller's module from now on; if there is none, those
    /// of the calling thread stay pending. wasix: 9.3
    void set_callback(const Caller& caller, std::string_view name);

    /// To any thread that does not block signals, the main thread first. 0 only checks.
    /// Errors: inval (no signal has this number).
    [[nodiscard]] Result<void, Errno> send_to_process(Signal signal);
    /// To one thread. Errors: inval; srch (there is none).
    [[nodiscard]] Result<void, Errno> send_to(Tid tid, Signal signal);

    /// For a signal that this host process got. False if the guest takes none: no callback.
    /// Async-signal-safe, while the main thread is attached.
    [[nodiscard]] bool take_from_host(int number) noexcept;
    /// If signals are pending for the process and `main` runs no code, another thread gets them.
    void pass_on(const Thread& main);

    /// Whether `thread`, if it does not block them, would have signals to handle.
    [[nodiscard]] bool is_pending_for(const Thread& thread) const {
        return (pending_.load() | thread.pending_signals.load()) != 0;
    }

    /// ThreadState::visitor: calls the callback for what is pending.
    static runtime::VisitOutcome visit(runtime::ThreadState& state) noexcept;

private:
    [[nodiscard]] bool is_blocked_by(const Thread& thread) const {
        return callback_.load() == nullptr || thread.blocks_signals.load();
    }
    /// Whether it was dealt with here: nothing becomes pending.
    [[nodiscard]] bool act_by_default(int number);
    void make_pending(std::atomic<std::uint64_t>& set, int number, Thread& thread);
    /// The lowest signal that `thread` is to handle now, no longer pending.
    [[nodiscard]] std::optional<int> take(Thread& thread);
    [[nodiscard]] runtime::VisitOutcome deliver(runtime::ThreadState& state, Thread& thread,
                                                int number);

    Process& process_;
    std::atomic<bool> registered_{false};  // callback_signal was called
    std::atomic<const runtime::Function*> callback_{nullptr};
    std::atomic<std::uint64_t> pending_{0};    // for any thread; bit n: signal n
    std::mutex mutex_;                         // guards callbacks_; no other lock is taken under it
    std::deque<runtime::Function> callbacks_;  // all there ever were: threads may be calling them
};

}  // namespace wasmax::wasix
