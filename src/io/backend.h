#pragma once

#include <cerrno>
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
        const KernelCall timed;
        const auto result = straight_ ? perform(operation) : attempt(Operation(operation));
        if (!result.has_value() && result.error() == HostErrno{EINTR}) [[unlikely]] {
            return resume(Operation(operation));
        }
        return result;
    }

    Result<std::size_t, HostErrno> run(const Operation& operation) {
        return std::visit([this](const auto& chosen) { return run(chosen); }, operation);
    }

protected:
    /// Whether attempt() does no more than perform(), which run() then calls itself: without an
    /// indirect call, and without the operation on its way through memory.
    enum class Way : std::uint8_t { attempt, straight };
    explicit Backend(Way way) : straight_(way == Way::straight) {}

    /// One try, which may fail with EINTR.
    virtual Result<std::size_t, HostErrno> attempt(const Operation& operation) = 0;
    /// For back ends around another one.
    [[nodiscard]] static Result<std::size_t, HostErrno> attempt_on(Backend& inner,
                                                                   const Operation& operation) {
        return inner.attempt(operation);
    }

private:
    [[gnu::cold]] Result<std::size_t, HostErrno> resume(const Operation& operation);
    Result<std::size_t, HostErrno> finish_connect(int fd);

    const bool straight_;
};

}  // namespace wasmax::io
