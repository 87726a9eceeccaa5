// Sockets: making, naming, connecting and ending them.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "io/operation.h"
#include "wasix/address.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"
#include "wasix/unix_socket.h"

namespace wasmax::wasix {
namespace {

/// AF_*. Errors: afnosupport.
Result<int, Errno> host_family(AddressFamily family) {
    switch (family) {
        case AddressFamily::inet4:
            return AF_INET;
        case AddressFamily::inet6:
            return AF_INET6;
        case AddressFamily::unix_:
            return AF_UNIX;
        case AddressFamily::unspec:
            break;
    }
    return fail(Errno::afnosupport);
}

/// SOCK_*. Errors: notsup (raw, seqpacket, a protocol of another type). wasix: 6.1
Result<int, Errno> host_type(SocketType type, SocketProtocol protocol) {
    if (type == SocketType::stream &&
        (protocol == SocketProtocol::ip || protocol == SocketProtocol::tcp)) {
        return SOCK_STREAM;
    }
    if (type == SocketType::dgram &&
        (protocol == SocketProtocol::ip || protocol == SocketProtocol::udp)) {
        return SOCK_DGRAM;
    }
    return fail(Errno::notsup);
}

/// The guest's view of a host call on a socket that answered -1.
Failure<Errno> network_failure(int host_errno) {
    return fail(from_host_network(io::HostErrno{host_errno}));
}

Result<UniqueFd, Errno> new_socket(int family, int type) {
    const io::KernelCall timed;
    UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, 0));
    return fd ? Result<UniqueFd, Errno>(std::move(fd)) : network_failure(errno);
}

/// One that reaches nothing, as this process may have no other: half of a pair.
Result<UniqueFd, Errno> idle_socket(int type) {
    int ends[2];
    if (::socketpair(AF_UNIX, (type == SOCK_DGRAM ? SOCK_STREAM : type) | SOCK_CLOEXEC, 0, ends) !=
        0) {
        return network_failure(errno);
    }
    UniqueFd other_end(ends[1]);
    return UniqueFd(ends[0]);
}

/// An address that bind, connect or sendto may be given. Errors: as load_address; inval (of another
/// family than the socket). wasix: 6.3
Result<HostAddress, Errno> address_for(Caller& caller, const Socket& socket,
                                       GuestPointer<const AddressPort> pointer) {
    const HostAddress address = TRY(load_address(caller.memory, pointer));
    const int family = TRY(host_family(socket.family));
    if (address.any.sa_family != family) {
        return fail(Errno::inval);
    }
    return address;
}

Result<void, Errno> bind_unix(Caller& caller, const OpenFile& file,
                              GuestPointer<const AddressPort> pointer) {
    TRY(caller.process.require_unix_sockets());
    const std::string path = TRY(load_unix_path(caller, pointer));
    const UnixAddress address = TRY(unix_address_to_bind(caller, path));
    const io::KernelCall timed;
    if (::bind(file.host_fd(), address.get(), address.bytes) != 0) {
        return network_failure(errno);
    }
    caller.process.unix_names().add(address, path);
    return {};
}

Result<void, Errno> connect_unix(Caller& caller, const OpenFile& file,
                                 GuestPointer<const AddressPort> pointer) {
    TRY(caller.process.require_unix_sockets());
    const std::string path = TRY(load_unix_path(caller, pointer));
    const UnixAddress address = TRY(unix_address_to_reach(caller, path));
    const auto connected =
        caller.process.io().run(io::Connect{file.host_fd(), address.get(), address.bytes});
    if (!connected.has_value()) {
        return fail(from_host_network(connected.error()));
    }
    return {};
}

using NameCall = int (*)(int, sockaddr*, socklen_t*) noexcept;

/// `call` is getsockname or getpeername.
template <NameCall call>
Result<io::AddressBuffer, Errno> name_of(const OpenFile& file) {
    io::AddressBuffer address;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the sockets API asks for.
    if (call(file.host_fd(), reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0) {
        return network_failure(errno);
    }
    return address;
}

Result<bool, Errno> is_bound(const OpenFile& file) {
    const io::AddressBuffer address = TRY(name_of<::getsockname>(file));
    sockaddr_in name{};  // the port stands at the same place for IPv6
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    std::memcpy(&name, &address.storage, sizeof name);
    return name.sin_port != 0;
}

/// Why accept failed: Linux says EINVAL of any socket that does not listen. wasix: 6.5
[[gnu::cold]] Errno accept_error(const OpenFile& file, io::HostErrno error) {
    if (error != io::HostErrno{EINVAL}) {
        return from_host_network(error);
    }
    const auto bound = is_bound(file);
    return bound.has_value() && *bound ? Errno::notsup : Errno::notconn;
}

/// Whether a rule denies a connection that arrived: from its peer, or at this address of the host.
[[gnu::cold]] bool is_denied(const NetPolicy& policy, int fd) {
    for (const NameCall call : {::getpeername, ::getsockname}) {
        io::AddressBuffer name;
        io::AddressBuffer local;
        // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): what the sockets API asks for.
        if (call(fd, reinterpret_cast<sockaddr*>(&name.storage), &name.bytes) != 0 ||
            ::getsockname(fd, reinterpret_cast<sockaddr*>(&local.storage), &local.bytes) != 0) {
            continue;  // it is gone already, which the guest will notice
        }
        // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
        const auto endpoint = ip_endpoint(name);
        const auto local_endpoint = ip_endpoint(local);
        if (endpoint && local_endpoint &&
            policy.denies(endpoint->address, local_endpoint->port, Direction::in)) {
            return true;
        }
    }
    return false;
}

/// The next connection, and its peer's address in `address` unless null.
Result<Fd, Errno> accept(Caller& caller, OpenFile& listener, Fdflags flags,
                         io::AddressBuffer* address) {
    const bool nonblocking = listener.is_nonblocking() || flags.has(Fdflag::nonblock);
    FileTable::Reservation number = TRY(caller.process.files().reserve());
    while (true) {
        if (address != nullptr) {
            address->bytes = sizeof address->storage;
        }
        const auto accepted = caller.process.io().run(io::Accept{
            listener.host_fd(), SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), address});
        if (!accepted.has_value()) [[unlikely]] {
            return fail(accept_error(listener, accepted.error()));
        }
        UniqueFd connection(static_cast<int>(*accepted));
        const NetPolicy* policy = caller.process.net_policy();
        if (policy != nullptr && is_denied(*policy, connection.get())) [[unlikely]] {
            continue;  // closed at once, as if nobody had connected
        }
        return std::move(number).fill(Descriptor::of(OpenFile::make_socket(
            std::move(connection), caller.process.io(), listener.socket()->family,
            listener.socket()->type, nonblocking)));
    }
}

}  // namespace

/// Without network a socket can be had, but not used. Unix sockets are the host's, named in the
/// guest's directories. wasix: 6.22
Result<Fd, Errno> wasix_32v1::sock_open(Caller& caller, AddressFamily af, SocketType type,
                                        SocketProtocol proto) {
    const int family = TRY(host_family(af));
    const int kind = TRY(host_type(type, proto));
    UniqueFd fd = TRY(caller.process.has_network() ? new_socket(family, kind) : idle_socket(kind));
    return caller.process.add_file(
        OpenFile::make_socket(std::move(fd), caller.process.io(), af, type, false));
}

/// A local pair whatever the family. wasix: 6.18
Result<std::tuple<Fd, Fd>, Errno> wasix_32v1::sock_pair(Caller& caller, AddressFamily /*af*/,
                                                        SocketType type, SocketProtocol proto) {
    const int kind = TRY(host_type(type, proto));
    int ends[2];
    if (::socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends) != 0) {
        return network_failure(errno);
    }
    UniqueFd first_end(ends[0]);
    UniqueFd second_end(ends[1]);
    const auto add = [&](UniqueFd end) {
        return caller.process.add_file(OpenFile::make_socket(std::move(end), caller.process.io(),
                                                             AddressFamily::unix_, type, false));
    };
    const Fd first = TRY(add(std::move(first_end)));
    const auto second = add(std::move(second_end));
    if (!second.has_value()) {
        TRY(caller.process.files().close(first));
        return fail(second.error());
    }
    return std::tuple(first, *second);
}

/// At once, not at listen. A stream socket may reuse an address in TIME_WAIT unless the guest said
/// otherwise. wasix: 6.3, 6.4
Result<void, Errno> wasix_32v1::sock_bind(Caller& caller, Fd fd,
                                          GuestPointer<const AddressPort> addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_bind));
    const Socket& socket = *file->socket();
    if (socket.family == AddressFamily::unix_) {
        return bind_unix(caller, *file, addr);
    }
    const HostAddress address = TRY(address_for(caller, socket, addr));
    TRY(caller.process.require_network(address, Direction::in));
    if (socket.type == SocketType::stream && !socket.reuse_addr_chosen) {
        const int on = 1;
        if (::setsockopt(file->host_fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
            return network_failure(errno);
        }
    }
    const io::KernelCall timed;
    if (::bind(file->host_fd(), &address.any, address.bytes) != 0) {
        return network_failure(errno);
    }
    return {};
}

/// wasix: 6.4
Result<void, Errno> wasix_32v1::sock_listen(Caller& caller, Fd fd, Size backlog) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_listen));
    TRY(caller.process.require_network());
    if (file->socket()->type != SocketType::stream) {
        return fail(Errno::notsup);
    }
    const bool bound = TRY(is_bound(*file));
    if (!bound) {
        return fail(Errno::inval);
    }
    constexpr Size kMaxBacklog = std::numeric_limits<int>::max();
    const io::KernelCall timed;
    if (::listen(file->host_fd(), static_cast<int>(std::min(backlog, kMaxBacklog))) != 0) {
        return network_failure(errno);
    }
    file->socket()->listening = true;
    return {};
}

Result<Fd, Errno> wasi_snapshot_preview1::sock_accept(Caller& caller, Fd fd, Fdflags flags) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_accept));
    return accept(caller, *file, flags, nullptr);
}

Result<void, Errno> wasix_32v1::sock_accept_v2(Caller& caller, Fd fd, Fdflags flags,
                                               GuestPointer<Fd> ro_fd,
                                               GuestPointer<AddressPort> ro_addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_accept));
    TRY(caller.memory.check(ro_fd));
    TRY(check_address(caller.memory, ro_addr, file->socket()->family));
    io::AddressBuffer peer;
    const Fd accepted = TRY(accept(caller, *file, flags, &peer));
    caller.process.unix_names().translate(peer);
    TRY(caller.memory.store(ro_fd, accepted));
    return store_address(caller.memory, ro_addr, peer);
}

/// A datagram socket forgets its peer when connected to an unspecified address. wasix: 6.7
Result<void, Errno> wasix_32v1::sock_connect(Caller& caller, Fd fd,
                                             GuestPointer<const AddressPort> addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_connect));
    if (file->socket()->family == AddressFamily::unix_) {
        return connect_unix(caller, *file, addr);
    }
    HostAddress address = TRY(load_address(caller.memory, addr));
    if (address.any.sa_family != AF_UNSPEC) {
        address = TRY(address_for(caller, *file->socket(), addr));
    }
    TRY(caller.process.require_network(address, Direction::out));
    const auto connected =
        caller.process.io().run(io::Connect{file->host_fd(), &address.any, address.bytes});
    if (!connected.has_value()) {
        return fail(from_host_network(connected.error()));
    }
    return {};
}

/// wasix: 6.11
Result<void, Errno> wasi_snapshot_preview1::sock_shutdown(Caller& caller, Fd fd, Sdflags how) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_shutdown));
    const Socket& socket = *file->socket();
    int host_how = 0;
    if (how == (Sdflags(Sdflag::rd) | Sdflag::wr)) {
        host_how = SHUT_RDWR;
    } else if (how == Sdflag::rd) {
        host_how = SHUT_RD;
    } else if (how == Sdflag::wr) {
        host_how = SHUT_WR;
    } else {
        return fail(Errno::inval);
    }
    if (socket.type != SocketType::stream || socket.listening) {
        return fail(Errno::notsup);
    }
    const auto done = caller.process.io().run(io::Shutdown{file->host_fd(), host_how});
    if (!done.has_value()) {
        return fail(from_host_network(done.error()));
    }
    return {};
}

/// Opening: a stream that was never connected. Closed: its peer has ended or reset it. wasix: 6.12
Result<SocketStatus, Errno> wasix_32v1::sock_status(Caller& caller, Fd fd) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Rights()));
    if (file->socket() == nullptr) {
        return fail(Errno::notsock);
    }
    pollfd entry{file->host_fd(), POLLRDHUP, 0};
    const auto polled = caller.process.io().run(io::Poll{{&entry, 1}, io::kImmediately});
    if (!polled.has_value()) {
        return fail(from_host_network(polled.error()));
    }
    if ((entry.revents & (POLLRDHUP | POLLERR)) != 0) {
        return SocketStatus::closed;
    }
    // Linux reports a hang-up without end of input only for a stream that was never connected.
    return (entry.revents & POLLHUP) != 0 ? SocketStatus::opening : SocketStatus::opened;
}

Result<void, Errno> wasix_32v1::sock_addr_local(Caller& caller, Fd fd,
                                                GuestPointer<AddressPort> ret_addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_addr_local));
    io::AddressBuffer address = TRY(name_of<::getsockname>(*file));
    caller.process.unix_names().translate(address);
    return store_address(caller.memory, ret_addr, address);
}

/// Without a peer it is notconn. wasix: 6.12
Result<void, Errno> wasix_32v1::sock_addr_peer(Caller& caller, Fd fd,
                                               GuestPointer<AddressPort> ro_addr) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::sock_addr_remote));
    io::AddressBuffer address = TRY(name_of<::getpeername>(*file));
    caller.process.unix_names().translate(address);
    return store_address(caller.memory, ro_addr, address);
}

}  // namespace wasmax::wasix
