#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/thread.h"
#include "runtime/wait_queue.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/outcome.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// The threads of a guest process, each on a host thread of its own. The process ends when one of
/// them says so, when the main thread returns, when one traps, or when all have ended; then every
/// other thread leaves wasm code at once, wherever it is. Threads: any. wasix: 8
class ThreadGroup {
public:
    /// `max_threads` includes the main thread.
    ThreadGroup(Process& process, Tid main, std::size_t max_threads);
    ~ThreadGroup();
    ThreadGroup(const ThreadGroup&) = delete;
    ThreadGroup& operator=(const ThreadGroup&) = delete;

    /// Makes `state` the main thread's.
    void attach(runtime::ThreadState& state);
    [[nodiscard]] Thread& main() { return main_; }

    /// A thread that calls `wasi_thread_start(tid, start_arg)` of a new instance of the caller's
    /// module. Errors: notcapable (no such export), again (too many threads, the host refuses, or
    /// the process is ending). wasix: 8.1
    [[nodiscard]] Result<Tid, Errno> spawn(const Caller& caller, std::uint64_t start_arg);

    /// Waits until `tid` has ended; one that is unknown has. Errors: intr; deadlk (itself).
    /// wasix: 8.5
    [[nodiscard]] Result<void, Errno> join(const Caller& caller, Tid tid);

    /// Ends the process so, unless it already ends otherwise. Returns at once.
    void end(Result<Outcome, Error> outcome);

    /// Ends it with this exit code, for a signal that this host process got. Async-signal-safe,
    /// while the main thread is attached.
    void end_from_host(std::uint8_t code) noexcept;

    /// What ends the process, when every thread but the main one has ended, which is the caller and
    /// is in no wasm code. Waits for somebody to end it if nobody did; then returns, with nothing,
    /// when no thread is left.
    [[nodiscard]] std::optional<Result<Outcome, Error>> wait();

    /// Calls `visit` with the thread `tid` while it cannot end; false if there is none.
    bool with_thread(Tid tid, const std::function<void(Thread&)>& visit);
    /// Calls `visit` with each thread that runs guest code, the main one first, until it answers
    /// true; false if it never did.
    bool find_thread(const std::function<bool(Thread&)>& visit);

private:
    void run(Thread& thread, const runtime::Function& start, std::uint64_t start_arg);
    /// Nothing if only the thread has ended.
    [[nodiscard]] std::optional<Result<Outcome, Error>> call_start(Thread& thread,
                                                                   runtime::ThreadState& state,
                                                                   const runtime::Function& start,
                                                                   std::uint64_t start_arg);
    [[nodiscard]] Result<Thread*, Errno> add(const runtime::Instance& original);
    void remove(Tid tid);
    /// Whether somebody stopped the main thread, and so the process: it may not have noticed.
    [[nodiscard]] bool is_main_stopped() const;
    /// False if the process is ending.
    [[nodiscard]] bool publish(Thread& thread, runtime::ThreadState* state);

    Process& process_;
    const std::size_t max_threads_;
    Thread main_;
    std::atomic<int> host_exit_{kNoExit};
    runtime::WaitQueue waiters_;           // on ended_
    std::atomic<std::uint32_t> ended_{0};  // how many threads have
    std::mutex mutex_;  // guards all below and every Thread::state; no other lock is taken under it
    std::map<Tid, std::unique_ptr<Thread>> threads_;  // but the main one
    std::optional<Result<Outcome, Error>> outcome_;
    std::int32_t latest_tid_;

    static constexpr int kNoExit = -1;
};

}  // namespace wasmax::wasix
