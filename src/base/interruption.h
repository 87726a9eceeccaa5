#pragma once

#include <atomic>

namespace wasmax {

namespace detail {
inline constinit thread_local std::atomic<bool> t_interrupted{false};
}  // namespace detail

/// Whether somebody wants the calling thread's attention, so that a host call of it that fails with
/// EINTR must not be repeated. Set by the runtime's signal handler (runtime/interrupt.h), read
/// where EINTR is dealt with. Async-signal-safe.
[[nodiscard]] inline std::atomic<bool>& interruption_flag() noexcept {
    return detail::t_interrupted;
}

}  // namespace wasmax
