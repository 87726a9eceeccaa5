#include "io/perform.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/operation.h"
#include "io/transfer_calls.h"

namespace wasmax::io {
namespace {

using Answer = Result<std::size_t, HostErrno>;

int count(Buffers buffers) { return static_cast<int>(buffers.size()); }

sockaddr* raw(AddressBuffer* address) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the sockets API asks for.
    return address == nullptr ? nullptr : reinterpret_cast<sockaddr*>(&address->storage);
}

socklen_t* length(AddressBuffer* address) { return address == nullptr ? nullptr : &address->bytes; }

msghdr header(Buffers buffers, void* address, socklen_t address_bytes) {
    msghdr message{};
    message.msg_name = address;
    message.msg_namelen = address_bytes;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the kernel only reads it.
    message.msg_iov = const_cast<iovec*>(buffers.data());
    message.msg_iovlen = buffers.size();
    return message;
}

}  // namespace

timespec remaining(std::int64_t deadline_ns) {
    constexpr std::int64_t kSecond_ns = 1'000'000'000;
    if (deadline_ns == kImmediately) {
        return {};
    }
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: the clock and the pointer are valid
    const std::int64_t left_ns = deadline_ns - (now.tv_sec * kSecond_ns + now.tv_nsec);
    return left_ns <= 0 ? timespec{} : timespec{left_ns / kSecond_ns, left_ns % kSecond_ns};
}

Answer perform_any(const Read& read) {
    if (read.offset == kFilePosition) {
        return answer(::readv(read.fd, read.buffers.data(), count(read.buffers)));
    }
    return answer(::preadv(read.fd, read.buffers.data(), count(read.buffers), read.offset));
}

Answer perform_any(const Write& write) {
    if (write.offset == kFilePosition) {
        return answer(::writev(write.fd, write.buffers.data(), count(write.buffers)));
    }
    return answer(::pwritev(write.fd, write.buffers.data(), count(write.buffers), write.offset));
}

Answer perform(const Accept& accept) {
    return answer(::accept4(accept.fd, raw(accept.address), length(accept.address), accept.flags));
}

Answer perform(const Connect& connect) {
    return answer(::connect(connect.fd, connect.address, connect.address_bytes));
}

Answer perform_any(const Receive& receive) {
    if (receive.buffers.size() == 1 && receive.message_flags == nullptr) {
        const iovec& buffer = receive.buffers.front();
        return answer_of_kernel(receive_call(receive.fd, buffer.iov_base, buffer.iov_len,
                                             receive.flags, raw(receive.address),
                                             length(receive.address)));
    }
    msghdr message = header(receive.buffers, raw(receive.address),
                            receive.address == nullptr ? 0 : receive.address->bytes);
    const Answer result = answer(::recvmsg(receive.fd, &message, receive.flags));
    if (receive.address != nullptr) {
        receive.address->bytes = message.msg_namelen;
    }
    if (receive.message_flags != nullptr) {
        *receive.message_flags = message.msg_flags;
    }
    return result;
}

Answer perform_any(const Send& send) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the kernel only reads it.
    const msghdr message =
        header(send.buffers, const_cast<sockaddr*>(send.address), send.address_bytes);
    return answer(::sendmsg(send.fd, &message, send.flags | MSG_NOSIGNAL));
}

Answer perform(const SendFile& file) {
    off_t offset = file.offset;
    return answer(
        ::sendfile(file.fd, file.in, file.offset == kFilePosition ? nullptr : &offset, file.bytes));
}

Answer perform(const Shutdown& shutdown) { return answer(::shutdown(shutdown.fd, shutdown.how)); }

Answer perform(const Poll& poll) {
    if (poll.deadline_ns == kNever) {
        return answer(::ppoll(poll.entries.data(), poll.entries.size(), nullptr, nullptr));
    }
    const timespec timeout = remaining(poll.deadline_ns);
    return answer(::ppoll(poll.entries.data(), poll.entries.size(), &timeout, nullptr));
}

Answer perform(const Sync& sync) {
    return answer(sync.scope == SyncScope::data ? ::fdatasync(sync.fd) : ::fsync(sync.fd));
}

Answer perform(const Close& close) {
    UniqueFd(close.fd).reset();
    return std::size_t{0};
}

}  // namespace wasmax::io
