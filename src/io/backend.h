#pragma once

#include <cerrno>
#include <cstddef>

#include "base/result.h"
#include "io/kernel_call.h"
#include "io/operation.h"

namespace wasmax::io {

/// A value of errno(3), never 0.
enum class HostErrno : int {};

/// Runs operations. Threads: any number of guest threads at once.
class Backend {
public:
    Backend() = default;
    virtual ~Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    /// Runs `operation` and blocks only the calling thread. What the result counts is said beside
    /// each operation. Errors: what the kernel answers, but EINTR only if somebody wants the
    /// thread's attention (base/interruption.h): otherwise it is dealt with here.
    Result<std::size_t, HostErrno> run(const Operation& operation) {
        const KernelCall timed;
        const auto result = attempt(operation);
        if (!result.has_value() && result.error() == HostErrno{EINTR}) [[unlikely]] {
            return resume(operation);
        }
        return result;
    }

protected:
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
};

}  // namespace wasmax::io
