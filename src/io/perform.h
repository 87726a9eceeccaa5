#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "base/result.h"
#include "io/operation.h"

namespace wasmax::io {

/// A value of errno(3), never 0.
enum class HostErrno : int {};

// Each operation as one kernel call, made at once by the calling thread; nothing is allocated. What
// the result counts is said beside each operation. Errors: what the kernel answers, EINTR included.

[[nodiscard]] Result<std::size_t, HostErrno> perform(const Accept& accept);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Connect& connect);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Receive& receive);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const SendFile& file);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Shutdown& shutdown);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Poll& poll);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Sync& sync);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Close& close);

/// Any number of buffers, anywhere in the file, to anybody.
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Read& read);
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Write& write);
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Send& send);

/// The result of a kernel call. `errno` is read in the expression that made the call.
[[nodiscard]] inline Result<std::size_t, HostErrno> answer(ssize_t result) {
    if (result < 0) [[unlikely]] {
        return fail(HostErrno{errno});
    }
    return static_cast<std::size_t>(result);
}

// One buffer, the usual number, goes by read and write: the kernel spares itself copying an array
// of iovecs (bench/micro/syscall_bench.cpp: a tenth of the cost of writing one byte).

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Read& read) {
    if (read.buffers.size() != 1 || read.offset != kFilePosition) [[unlikely]] {
        return perform_any(read);
    }
    return answer(::read(read.fd, read.buffers.front().iov_base, read.buffers.front().iov_len));
}

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Write& write) {
    if (write.buffers.size() != 1 || write.offset != kFilePosition) [[unlikely]] {
        return perform_any(write);
    }
    return answer(::write(write.fd, write.buffers.front().iov_base, write.buffers.front().iov_len));
}

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Send& send) {
    if (send.buffers.size() != 1) [[unlikely]] {
        return perform_any(send);
    }
    return answer(::sendto(send.fd, send.buffers.front().iov_base, send.buffers.front().iov_len,
                           send.flags | MSG_NOSIGNAL, send.address, send.address_bytes));
}

}  // namespace wasmax::io
