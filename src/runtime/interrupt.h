#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::runtime {

struct ThreadState;

/// What is asked of a guest thread while it runs.
enum class Request : std::uint32_t {
    /// Call ThreadState::visitor soon: at its next host call or wasm call, or when the host call in
    /// which it is blocked has failed with EINTR because of this. Asking again before that changes
    /// nothing.
    visit = 1,
    /// Leave wasm code for good: every call() on the thread returns Trapped{interrupted}, also
    /// those to come. Computing code is left at any instruction, within microseconds.
    stop = 2,
};

/// How other threads interrupt a guest thread; a member of its ThreadState. Nothing is polled: a
/// request sends the thread a real-time signal. If the handler finds it in compiled code, it goes
/// to the landing pad as a trap does (`stop`) or is made to visit at its next wasm function
/// (`visit`). If it is in host code, a blocking call fails with EINTR, and the handler repeats the
/// signal by a timer until the request is seen, for a signal may come just before the thread
/// blocks. Host calls that block must therefore, on EINTR, return if interruption_flag() is set
/// (base/interruption.h); native entries end with attend_to_requests().
/// Kernel calls it makes: tgkill, timer_create, timer_settime, timer_delete, rt_sigreturn.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    /// Threads: any, while the ThreadState lives. Never blocks.
    void request(Request request) noexcept;

    /// Whether anything is asked. Threads: that of the ThreadState.
    [[nodiscard]] bool is_requested() const noexcept {
        return requests_.load(std::memory_order_relaxed) != 0;
    }
    [[nodiscard]] bool is_requested(Request request) const noexcept {
        return (requests_.load(std::memory_order_acquire) & static_cast<std::uint32_t>(request)) !=
               0;
    }
    /// Takes a request back and returns whether it had been made. Threads: that of the ThreadState.
    bool withdraw(Request request) noexcept;

private:
    friend struct InterruptHandler;
    void repeat_soon() noexcept;

    std::atomic<std::uint32_t> requests_{0};
    const pthread_t thread_ = pthread_self();
    // Written by the signal handler, on this thread:
    std::atomic<int> timer_{kNoTimer};
    std::atomic<unsigned> repeats_{0};

    static constexpr int kNoTimer = -1;
};

/// Does what was asked of `thread`, whose native code calls this when every C++ frame with a
/// destructor is gone: it may leave them. Returns if the guest goes on.
[[gnu::cold]] void attend(ThreadState& thread) noexcept;

/// Handles the signal from now on. Later calls do nothing. Errors: host. Threads: any.
[[nodiscard]] Result<void, Error> install_interrupt_handler();

/// What ThreadState::visitor answers: nothing to go on, or a reason to leave() the guest with.
using VisitOutcome = std::optional<std::uint64_t>;

}  // namespace wasmax::runtime
