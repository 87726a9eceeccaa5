#include "io/backend.h"

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/interruption.h"
#include "base/result.h"
#include "io/kernel_call.h"
#include "io/operation.h"

namespace wasmax::io {

std::int64_t Backend::run_observed(const Operation& operation) {
    const KernelCall timed;
    const auto result = attempt(operation);
    return result.has_value() ? static_cast<std::int64_t>(*result)
                              : recover(result.error(), operation);
}

std::int64_t Backend::recover(HostErrno error, const Operation& operation) {
    const auto result =
        error == HostErrno{EINTR} ? resume(operation) : Result<std::size_t, HostErrno>(fail(error));
    return result.has_value() ? static_cast<std::int64_t>(*result)
                              : -std::int64_t{static_cast<int>(result.error())};
}

Result<std::size_t, HostErrno> Backend::resume(const Operation& operation) {
    const std::atomic<bool>& interrupted = interruption_flag();
    if (interrupted.load(std::memory_order_relaxed)) {
        return fail(HostErrno{EINTR});
    }
    if (const auto* connect = std::get_if<Connect>(&operation)) {
        return finish_connect(connect->fd);
    }
    while (true) {
        const auto result = attempt(operation);
        if (interrupted.load(std::memory_order_relaxed)) {
            return result;
        }
        if (result.has_value() || result.error() != HostErrno{EINTR}) {
            return result;
        }
    }
}

/// An interrupted connect goes on in the kernel, and a second one would fail with EALREADY: wait
/// for the socket instead and ask what became of it. posix: connect
Result<std::size_t, HostErrno> Backend::finish_connect(int fd) {
    pollfd entry{fd, POLLOUT, 0};
    TRY(run(Poll{{&entry, 1}, kNever}));
    int error = 0;
    socklen_t bytes = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
        return fail(HostErrno{errno});
    }
    if (error != 0) {
        return fail(HostErrno{error});
    }
    return std::size_t{0};
}

}  // namespace wasmax::io
