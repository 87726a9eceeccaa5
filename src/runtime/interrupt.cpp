#include "runtime/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

#include "abi/trap.h"
#include "base/error.h"
#include "base/interruption.h"
#include "base/result.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

/// Clear of those that libc, sanitizers and debuggers use, which take the first and the last.
int interrupt_signal() noexcept { return SIGRTMIN + 7; }

}  // namespace

/// Async-signal-safe: no lock, no allocation, no object with a destructor.
struct InterruptHandler {
    static void handle(int /*signal*/, siginfo_t* /*info*/, void* context) {
        const int saved_errno = errno;
        if (const TrapScope* scope = current_trap_scope().load(std::memory_order_relaxed)) {
            deliver(*scope->thread, context);
        }
        errno = saved_errno;
    }

private:
    static void deliver(ThreadState& thread, void* context) {
        Interruption& interruption = thread.interruption;
        if (!interruption.is_requested()) {
            return;
        }
        interruption_flag().store(true, std::memory_order_relaxed);
        if (interruption.is_requested(Request::stop)) {
            if (land_if_in_wasm(abi::TrapCode::interrupted, context)) {
                return;
            }
        }
        thread.visit_at_next_call();
        if (!is_in_wasm(context)) {
            interruption.repeat_soon();
        }
    }
};

Interruption::Interruption() = default;

Interruption::~Interruption() {
    if (timer_ != kNoTimer) {
        ::syscall(SYS_timer_delete, timer_.load());
    }
    interruption_flag().store(false, std::memory_order_relaxed);
}

void Interruption::request(Request request) noexcept {
    requests_.fetch_or(static_cast<std::uint32_t>(request));
    ::pthread_kill(thread_, interrupt_signal());
}

bool Interruption::withdraw(Request request) noexcept {
    const auto bit = static_cast<std::uint32_t>(request);
    const bool requested = (requests_.fetch_and(~bit) & bit) != 0;
    repeats_.store(0, std::memory_order_relaxed);
    interruption_flag().store(false, std::memory_order_relaxed);
    if (requests_.load() != 0) {  // also one made after the first line
        interruption_flag().store(true, std::memory_order_relaxed);
    }
    return requested;
}

/// Later and later, for a thread that cannot attend: in a kernel call that nothing interrupts.
void Interruption::repeat_soon() noexcept {
    constexpr unsigned kMaxDoublings = 7;
    constexpr long kFirst_ns = 500'000;
    if (timer_.load(std::memory_order_relaxed) == kNoTimer) {
        struct sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = interrupt_signal();
        event._sigev_un._tid = ::gettid();
        int timer = kNoTimer;
        if (::syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0) {
            return;  // out of timers: the request is seen when the host call ends
        }
        timer_.store(timer, std::memory_order_relaxed);
    }
    const unsigned doublings =
        std::min(repeats_.fetch_add(1, std::memory_order_relaxed), kMaxDoublings);
    itimerspec soon{};
    soon.it_value.tv_nsec = kFirst_ns << doublings;
    ::syscall(SYS_timer_settime, timer_.load(std::memory_order_relaxed), 0, &soon, nullptr);
}

// Not instrumented: leave() and raise_trap() do not return, and sanitizers must not count this
// frame.
[[clang::disable_sanitizer_instrumentation]] void attend(ThreadState& thread) noexcept {
    if (!thread.interruption.is_requested(Request::stop) &&
        thread.interruption.withdraw(Request::visit) && thread.visitor != nullptr) {
        const VisitOutcome left = thread.visitor(thread);
        if (left.has_value()) {
            leave(thread, *left);
        }
    }
    if (thread.interruption.is_requested(Request::stop)) {
        raise_trap(thread, abi::TrapCode::interrupted);
    }
}

Result<void, Error> install_interrupt_handler() {
    static const Result<void, Error> installed = []() -> Result<void, Error> {
        struct sigaction action{};
        action.sa_sigaction = InterruptHandler::handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;  // no SA_RESTART: blocking calls end with EINTR
        if (::sigaction(interrupt_signal(), &action, nullptr) != 0) {
            return fail(Error::from_errno(errno, "installing the interruption handler"));
        }
        return {};
    }();
    return installed;
}

}  // namespace wasmax::runtime
