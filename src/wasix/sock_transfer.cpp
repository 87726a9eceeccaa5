// Sockets: sending and receiving.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>

#include "abi/vm_context.h"
#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/address.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/fused_entries.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/guest_buffers.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

struct Received {
    Size bytes;
    Roflags flags;
};

[[gnu::noinline]] int receive_flags(Riflags flags, bool datagram) {
    int host = 0;
    if (flags.has(Riflag::peek)) {
        host |= MSG_PEEK;
    }
    if (flags.has(Riflag::waitall)) {
        host |= MSG_WAITALL;
    }
    // Asks for a datagram's whole length. On a stream Linux would throw the bytes away instead.
    if (flags.has(Riflag::data_truncated) && datagram) {
        host |= MSG_TRUNC;
    }
    if (flags.has(Riflag::dont_wait)) {
        host |= MSG_DONTWAIT;
    }
    return host;
}

/// Of a datagram: whether it was cut, too.
[[gnu::noinline]] Result<Received, Errno> receive_datagram(io::Backend& io, io::Receive operation) {
    int message_flags = 0;
    operation.message_flags = &message_flags;
    const auto count = io.run(operation);
    if (!count.has_value()) [[unlikely]] {
        return fail(from_host_network(count.error()));
    }
    return Received{static_cast<Size>(*count),
                    (message_flags & MSG_TRUNC) != 0 ? Roflag::data_truncated : Roflags()};
}

/// `address` is set for datagrams unless null.
[[gnu::always_inline]] inline Result<Received, Errno> receive(Caller& caller, OpenFile& file,
                                                              GuestSpan<const Iovec> iovs,
                                                              Riflags flags,
                                                              io::AddressBuffer* address) {
    const bool datagram = file.socket()->type == SocketType::dgram;
    const int host_flags = flags == Riflags() ? 0 : receive_flags(flags, datagram);
    return with_buffers(
        caller, iovs,
        [&io = caller.process.io(), fd = file.host_fd(), datagram, host_flags,
         address](io::Buffers buffers) __attribute__((always_inline)) -> Result<Received, Errno> {
            if (datagram) [[unlikely]] {
                return receive_datagram(io, {fd, buffers, host_flags, address});
            }
            const auto count = io.run(io::Receive{fd, buffers, host_flags, address});
            if (!count.has_value()) [[unlikely]] {
                return fail(from_host_network(count.error()));
            }
            return Received{static_cast<Size>(*count), Roflags()};
        });
}

/// Whom a message goes to; null: the connected peer.
struct Receiver {
    const sockaddr* address = nullptr;
    socklen_t bytes = 0;
};

/// A peer that is gone gives `pipe`, never a signal.
[[gnu::always_inline]] inline Result<Size, Errno> send(Caller& caller, const OpenFile& file,
                                                       GuestSpan<const Iovec> iovs, Siflags flags,
                                                       const Receiver& to) {
    const int host_flags = flags.has(Siflag::dont_wait) ? MSG_DONTWAIT : 0;
    return with_buffers(
        caller, iovs,
        [&io = caller.process.io(), fd = file.host_fd(), host_flags, to](io::Buffers buffers)
            __attribute__((always_inline)) -> Result<Size, Errno> {
                const auto count = io.run(io::Send{fd, buffers, host_flags, to.address, to.bytes});
                if (!count.has_value()) [[unlikely]] {
                    return fail(from_host_network(count.error()));
                }
                return static_cast<Size>(*count);
            });
}

Result<Size, Errno> send_to(Caller& caller, OpenFile& file, GuestSpan<const Iovec> iovs,
                            Siflags flags, GuestPointer<const AddressPort> pointer) {
    if (file.socket()->family == AddressFamily::unix_) [[unlikely]] {
        TRY(caller.process.require_unix_sockets());
        const std::string path = TRY(load_unix_path(caller, pointer));
        const UnixAddress address = TRY(unix_address_to_reach(caller, path));
        return send(caller, file, iovs, flags, {address.get(), address.bytes});
    }
    const HostAddress address = TRY(load_address(caller.memory, pointer));
    TRY(caller.process.require_network(address, Direction::out));
    return send(caller, file, iovs, flags, {&address.any, address.bytes});
}

/// The kernel leaves it to the caller to know whom a stream comes from. wasix: 6.10
void name_sender(Caller& caller, OpenFile& file, io::AddressBuffer& from) {
    if (file.socket()->type != SocketType::stream) {
        caller.process.unix_names().translate(from);
        return;
    }
    from.bytes = sizeof from.storage;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the sockets API asks.
    if (::getpeername(file.host_fd(), reinterpret_cast<sockaddr*>(&from.storage), &from.bytes) !=
        0) {
        from.bytes = 0;  // it was reset meanwhile; what was received counts
    }
    caller.process.unix_names().translate(from);
}

/// What a transfer on `fd`, which failed with `error`, comes to if `fd` is a pipe: libcs before
/// sock_pair took one for a pair of sockets, and programs of theirs send and receive on it. With a
/// Caller of its own: that of a transfer on a socket stays in registers.
template <auto* Transfer>
[[gnu::cold]] [[gnu::noinline]] Result<Size, Errno> transfer_on_pipe(const abi::VmContext& context,
                                                                     AddressWidth width, Fd fd,
                                                                     GuestSpan<const Iovec> data,
                                                                     Errno error) {
    Caller caller(context, width);
    struct stat status{};
    const auto file = caller.process.files().lookup(fd, Rights());
    if (error != Errno::notsock || !file.has_value() || ::fstat((*file)->host_fd(), &status) != 0 ||
        !S_ISFIFO(status.st_mode)) {
        return fail(error);
    }
    return Transfer(caller, fd, data);
}

}  // namespace

[[gnu::always_inline]] Result<std::tuple<Size, Roflags>, Errno> wasi_snapshot_preview1::sock_recv(
    Caller& caller, Fd fd, GuestSpan<const Iovec> ri_data, Riflags ri_flags) {
    const auto file = caller.process.files().lookup(fd, Right::sock_recv);
    if (!file.has_value()) [[unlikely]] {
        return std::tuple(TRY(transfer_on_pipe<&wasi_snapshot_preview1::fd_read>(
                              caller.context, caller.memory.width(), fd, ri_data, file.error())),
                          Roflags());
    }
    const Received received = TRY(receive(caller, **file, ri_data, ri_flags, nullptr));
    return std::tuple(received.bytes, received.flags);
}

[[gnu::always_inline]] Result<Size, Errno> wasi_snapshot_preview1::sock_send(
    Caller& caller, Fd fd, GuestSpan<const Iovec> si_data, Siflags si_flags) {
    const auto file = caller.process.files().lookup(fd, Right::sock_send);
    if (!file.has_value()) [[unlikely]] {
        return transfer_on_pipe<&wasi_snapshot_preview1::fd_write>(
            caller.context, caller.memory.width(), fd, si_data, file.error());
    }
    return send(caller, **file, si_data, si_flags, {});
}

WASIX_FUSE(wasi_snapshot_preview1, sock_recv)
WASIX_FUSE(wasi_snapshot_preview1, sock_send)

/// Of a stream, the address is that of its peer. wasix: 6.10
Result<void, Errno> wasix_32v1::sock_recv_from(Caller& caller, Fd fd,
                                               GuestSpan<const Iovec> ri_data, Riflags ri_flags,
                                               GuestPointer<Size> ro_data_len,
                                               GuestPointer<Roflags> ro_flags,
                                               GuestPointer<AddressPort> ro_addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_recv_from));
    TRY(caller.memory.check(ro_data_len));
    TRY(caller.memory.check(ro_flags));
    TRY(check_address(caller.memory, ro_addr, file->socket()->family));
    io::AddressBuffer from;
    const Received received = TRY(receive(caller, *file, ri_data, ri_flags, &from));
    name_sender(caller, *file, from);
    TRY(caller.memory.store(ro_data_len, received.bytes));
    TRY(caller.memory.store(ro_flags, received.flags));
    return store_address(caller.memory, ro_addr, from);
}

Result<Size, Errno> wasix_32v1::sock_send_to(Caller& caller, Fd fd, GuestSpan<const Iovec> si_data,
                                             Siflags si_flags,
                                             GuestPointer<const AddressPort> addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_send_to));
    return send_to(caller, *file, si_data, si_flags, addr);
}

/// Carries no control data: there is none to receive. Without `addr` it is sock_recv. wasix: 15.4
Result<std::tuple<Size, Roflags, Size>, Errno> wasix_32v1::sock_recv_msg(
    Caller& caller, Fd sock, GuestSpan<const Iovec> ri_data, Riflags ri_flags,
    GuestPointer<AddressPort> addr, GuestSpan<std::byte> ro_control) {
    const bool wants_address = addr.address != 0;
    const FileRef file = TRY(caller.process.files().lookup(
        sock, wants_address ? Right::sock_recv_from : Right::sock_recv));
    TRY(caller.memory.check(ro_control));
    if (!wants_address) {
        const Received received = TRY(receive(caller, *file, ri_data, ri_flags, nullptr));
        return std::tuple(received.bytes, received.flags, Size{0});
    }
    TRY(check_address(caller.memory, addr, file->socket()->family));
    io::AddressBuffer from;
    const Received received = TRY(receive(caller, *file, ri_data, ri_flags, &from));
    name_sender(caller, *file, from);
    TRY(store_address(caller.memory, addr, from));
    return std::tuple(received.bytes, received.flags, Size{0});
}

/// Without `addr` it is sock_send. Control data is notsup. wasix: 15.4
Result<Size, Errno> wasix_32v1::sock_send_msg(Caller& caller, Fd sock,
                                              GuestSpan<const Iovec> si_data, Siflags si_flags,
                                              GuestPointer<const AddressPort> addr,
                                              GuestSpan<const std::byte> si_control) {
    const bool has_address = addr.address != 0;
    const FileRef file = TRY(
        caller.process.files().lookup(sock, has_address ? Right::sock_send_to : Right::sock_send));
    TRY(caller.memory.check(si_control));
    if (si_control.count != 0) {
        return fail(Errno::notsup);
    }
    if (!has_address) {
        return send(caller, *file, si_data, si_flags, {});
    }
    return send_to(caller, *file, si_data, si_flags, addr);
}

/// The position of `in_fd` moves to behind the last byte sent. Where the kernel cannot pass the
/// bytes on by itself, it is inval. wasix: 6.19, linux: sendfile(2)
Result<Filesize, Errno> wasix_32v1::sock_send_file(Caller& caller, Fd out_fd, Fd in_fd,
                                                   Filesize offset, Filesize count) {
    const FileRef out = TRY(caller.process.files().lookup(out_fd, Right::fd_write));
    const FileRef in =
        TRY(caller.process.files().lookup(in_fd, Rights(Right::fd_read) | Right::fd_seek));
    constexpr Filesize kMaxOffset = std::numeric_limits<off_t>::max();
    out->leave_position_to_kernel();  // a file may be written to, where its position is
    if (offset > kMaxOffset || !in->seek(static_cast<Filedelta>(offset), SEEK_SET).has_value()) {
        return fail(Errno::inval);
    }
    Filesize sent = 0;
    while (sent < count) {
        const std::int64_t position = in->position();
        const auto part = caller.process.io().run(io::SendFile{
            out->host_fd(), in->host_fd(),
            static_cast<std::size_t>(std::min<Filesize>(count - sent, io::kMaxTransferBytes)),
            position});
        if (!part.has_value() && sent == 0) {
            return fail(from_host_network(part.error()));
        }
        if (!part.has_value() || *part == 0) {
            break;  // the end of the file, or an error that the next call will report again
        }
        in->advance(position, *part);
        sent += *part;
    }
    return sent;
}

}  // namespace wasmax::wasix
