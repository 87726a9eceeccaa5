#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "io/operation.h"
#include "io/transfer_calls.h"

namespace wasmax::io {

/// A value of errno(3), never 0.
enum class HostErrno : int {};

// Each operation as one kernel call, made at once by the calling thread; nothing is allocated. What
// the result counts is said beside each operation. Errors: what the kernel answers, EINTR included.

[[nodiscard]] Result<std::size_t, HostErrno> perform(const Accept& accept);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Connect& connect);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const SendFile& file);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Shutdown& shutdown);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Poll& poll);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Sync& sync);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Close& close);

/// Any number of buffers, anywhere in the file, to anybody.
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Read& read);
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Write& write);
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Receive& receive);
[[nodiscard]] Result<std::size_t, HostErrno> perform_any(const Send& send);

/// How long until `deadline_ns` on CLOCK_MONOTONIC, not negative; for kNever, ages.
[[nodiscard]] timespec remaining(std::int64_t deadline_ns);

/// The result of a call of libc's. `errno` is read in the expression that made the call.
[[nodiscard]] inline Result<std::size_t, HostErrno> answer(ssize_t result) {
    if (result < 0) [[unlikely]] {
        return fail(HostErrno{errno});
    }
    return static_cast<std::size_t>(result);
}

/// The result of a call in transfer_calls.h.
[[nodiscard]] inline Result<std::size_t, HostErrno> answer_of_kernel(ssize_t result) {
    if (result < 0) [[unlikely]] {
        return fail(HostErrno{static_cast<int>(-result)});
    }
    return static_cast<std::size_t>(result);
}

// One buffer, the usual number, goes by the calls that take one: the kernel spares itself copying
// an array of iovecs (bench/micro/syscall_bench.cpp: a tenth of the cost of writing one byte).

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Read& read) {
    if (read.buffers.size() != 1) [[unlikely]] {
        return perform_any(read);
    }
    const iovec& buffer = read.buffers.front();
    return answer_of_kernel(
        read.offset == kFilePosition
            ? read_call(read.fd, buffer.iov_base, buffer.iov_len)
            : pread_call(read.fd, buffer.iov_base, buffer.iov_len, read.offset));
}

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Write& write) {
    if (write.buffers.size() != 1) [[unlikely]] {
        return perform_any(write);
    }
    const iovec& buffer = write.buffers.front();
    return answer_of_kernel(
        write.offset == kFilePosition
            ? write_call(write.fd, buffer.iov_base, buffer.iov_len)
            : pwrite_call(write.fd, buffer.iov_base, buffer.iov_len, write.offset));
}

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Receive& receive) {
    // recvfrom is cheaper than recvmsg, but cannot say whether a datagram was cut.
    if (receive.buffers.size() != 1 || receive.address != nullptr ||
        receive.message_flags != nullptr) [[unlikely]] {
        return perform_any(receive);
    }
    const iovec& buffer = receive.buffers.front();
    return answer_of_kernel(
        receive_call(receive.fd, buffer.iov_base, buffer.iov_len, receive.flags, nullptr, nullptr));
}

[[nodiscard]] inline Result<std::size_t, HostErrno> perform(const Send& send) {
    if (send.buffers.size() != 1) [[unlikely]] {
        return perform_any(send);
    }
    const iovec& buffer = send.buffers.front();
    return answer_of_kernel(send_call(send.fd, buffer.iov_base, buffer.iov_len,
                                      send.flags | MSG_NOSIGNAL, send.address, send.address_bytes));
}

}  // namespace wasmax::io
