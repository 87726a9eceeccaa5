#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/result.h"
#include "io/kernel_call.h"
#include "io/operation.h"
#include "io/perform.h"  // IWYU pragma: export

namespace wasmax::io {

/// Runs operations. Threads: any number of guest threads at once.
class Backend {
public:
    Backend() : Backend(Way::attempt) {}
    virtual ~Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    /// Runs `operation` and blocks only the calling thread. What the result counts is said beside
    /// each operation. Errors: what the kernel answers, but EINTR only if somebody wants the
    /// thread's attention (base/interruption.h): otherwise it is dealt with here.
    template <class Kind>
    [[gnu::always_inline]] Result<std::size_t, HostErrno> run(const Kind& operation) {
        const std::int64_t count = run_raw(operation);
        if (count < 0) [[unlikely]] {
            return fail(HostErrno{static_cast<int>(-count)});
        }
        return static_cast<std::size_t>(count);
    }

    Result<std::size_t, HostErrno> run(const Operation& operation) {
        return std::visit([this](const auto& chosen) { return run(chosen); }, operation);
    }

protected:
    /// Whether attempt() does no more than perform(), which run() then calls itself: without an
    /// indirect call, and without the operation on its way through memory. `straight_but_mirrored`:
    /// for all but a Poll with a mirror and Close.
    enum class Way : std::uint8_t { attempt, straight, straight_but_mirrored };
    explicit Backend(Way way) : way_(way) {}

    /// One try, which may fail with EINTR.
    virtual Result<std::size_t, HostErrno> attempt(const Operation& operation) = 0;
    /// For back ends around another one.
    [[nodiscard]] static Result<std::size_t, HostErrno> attempt_on(Backend& inner,
                                                                   const Operation& operation) {
        return inner.attempt(operation);
    }

private:
    // As the kernel answers: one number, which stays in a register on its way to the handler. Less
    // than zero: minus the error.
    template <class Kind>
    [[gnu::always_inline]] std::int64_t run_raw(const Kind& operation) {
        if (!is_straight(operation) || kernel_observer != nullptr) [[unlikely]] {
            return run_observed(operation);
        }
        const auto result = perform(operation);
        if (!result.has_value()) [[unlikely]] {
            return recover(result.error(), operation);
        }
        return static_cast<std::int64_t>(*result);
    }
    /// What run_raw() leaves out where nobody listens. Not inlined: there the operation need not
    /// lie in memory then.
    std::int64_t run_observed(const Operation& operation);
    std::int64_t recover(HostErrno error, const Operation& operation);
    template <class Kind>
    [[nodiscard]] bool is_straight(const Kind& operation) const {
        if constexpr (std::same_as<Kind, Poll>) {
            return way_ == Way::straight ||
                   (way_ == Way::straight_but_mirrored && operation.mirror == nullptr);
        } else if constexpr (std::same_as<Kind, Close>) {
            return way_ == Way::straight;
        } else {
            return way_ != Way::attempt;
        }
    }
    [[gnu::cold]] Result<std::size_t, HostErrno> resume(const Operation& operation);
    Result<std::size_t, HostErrno> finish_connect(int fd);

    const Way way_;
};

}  // namespace wasmax::io
