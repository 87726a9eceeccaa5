// Socket options, by the kind of value: flag, time, size. wasix: 6.14

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "base/result.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr Timestamp kSecond_ns = 1'000'000'000;

/// Where the host keeps an option.
struct HostOption {
    int level;
    int name;
};

struct FlagRow {
    SocketOption option;
    HostOption host;
};

constexpr FlagRow kFlags[]{
    {SocketOption::reuse_port, {SOL_SOCKET, SO_REUSEPORT}},
    {SocketOption::reuse_addr, {SOL_SOCKET, SO_REUSEADDR}},
    {SocketOption::no_delay, {IPPROTO_TCP, TCP_NODELAY}},
    {SocketOption::dont_route, {SOL_SOCKET, SO_DONTROUTE}},
    {SocketOption::only_v6, {IPPROTO_IPV6, IPV6_V6ONLY}},
    {SocketOption::broadcast, {SOL_SOCKET, SO_BROADCAST}},
    {SocketOption::multicast_loop_v4, {IPPROTO_IP, IP_MULTICAST_LOOP}},
    {SocketOption::multicast_loop_v6, {IPPROTO_IPV6, IPV6_MULTICAST_LOOP}},
    {SocketOption::keep_alive, {SOL_SOCKET, SO_KEEPALIVE}},
    {SocketOption::oob_inline, {SOL_SOCKET, SO_OOBINLINE}},
};

/// nullopt: no flag of the host.
std::optional<HostOption> host_flag(SocketOption option) {
    const auto* row = std::find_if(std::begin(kFlags), std::end(kFlags),
                                   [&](const FlagRow& each) { return each.option == option; });
    return row == std::end(kFlags) ? std::nullopt : std::optional(row->host);
}

/// nullopt: no size of the host. `type`, `proto` and `last_error` can only be read.
std::optional<HostOption> host_size(SocketOption option, AddressFamily family) {
    const bool inet6 = family == AddressFamily::inet6;
    switch (option) {
        case SocketOption::recv_buf_size:
            return HostOption{SOL_SOCKET, SO_RCVBUF};
        case SocketOption::send_buf_size:
            return HostOption{SOL_SOCKET, SO_SNDBUF};
        case SocketOption::recv_lowat:
            return HostOption{SOL_SOCKET, SO_RCVLOWAT};
        case SocketOption::send_lowat:
            return HostOption{SOL_SOCKET, SO_SNDLOWAT};
        case SocketOption::ttl:
            return inet6 ? HostOption{IPPROTO_IPV6, IPV6_UNICAST_HOPS}
                         : HostOption{IPPROTO_IP, IP_TTL};
        case SocketOption::multicast_ttl_v4:
            return HostOption{IPPROTO_IP, IP_MULTICAST_TTL};
        default:  // a byte of the guest's, and the options of other kinds
            return std::nullopt;
    }
}

/// Linux has one timeout for connecting and sending, and one for accepting and receiving.
std::optional<HostOption> host_time(SocketOption option) {
    switch (option) {
        case SocketOption::recv_timeout:
        case SocketOption::accept_timeout:
            return HostOption{SOL_SOCKET, SO_RCVTIMEO};
        case SocketOption::send_timeout:
        case SocketOption::connect_timeout:
            return HostOption{SOL_SOCKET, SO_SNDTIMEO};
        default:  // a byte of the guest's, and the options of other kinds
            return std::nullopt;
    }
}

template <class T>
Result<T, Errno> get(const OpenFile& file, HostOption option) {
    T value{};
    socklen_t bytes = sizeof value;
    if (::getsockopt(file.host_fd(), option.level, option.name, &value, &bytes) != 0) {
        return fail(from_host_network(io::HostErrno{errno}));
    }
    return value;
}

template <class T>
Result<void, Errno> set(const OpenFile& file, HostOption option, const T& value) {
    const io::KernelCall timed;
    if (::setsockopt(file.host_fd(), option.level, option.name, &value, sizeof value) != 0) {
        return fail(from_host_network(io::HostErrno{errno}));
    }
    return {};
}

/// Errors: badf, notsock.
Result<FileRef, Errno> lookup_socket(Caller& caller, Fd fd) {
    FileRef file = TRY(caller.process.files().lookup(fd, Rights()));
    if (file->socket() == nullptr) {
        return fail(Errno::notsock);
    }
    return file;
}

SocketType guest_type(const OpenFile& file) {
    return file.filetype() == Filetype::socket_dgram ? SocketType::dgram : SocketType::stream;
}

ip_mreq group_request(Inet4 group, Inet4 interface) {
    ip_mreq request{};
    std::memcpy(&request.imr_multiaddr, &group, sizeof group);
    std::memcpy(&request.imr_interface, &interface, sizeof interface);
    return request;
}

Result<void, Errno> set_group4(Caller& caller, Fd fd, GuestPointer<const Inet4> multiaddr,
                               GuestPointer<const Inet4> interface, int name) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    const Inet4 group = TRY(caller.memory.load(multiaddr));
    const Inet4 address = TRY(caller.memory.load(interface));
    TRY(caller.process.require_network());
    return set(*file, {IPPROTO_IP, name}, group_request(group, address));
}

Result<void, Errno> set_group6(Caller& caller, Fd fd, GuestPointer<const Inet6> multiaddr,
                               std::uint32_t interface, int name) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    const Inet6 group = TRY(caller.memory.load(multiaddr));
    TRY(caller.process.require_network());
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, &group, sizeof group);
    request.ipv6mr_interface = interface;
    return set(*file, {IPPROTO_IPV6, name}, request);
}

}  // namespace

Result<void, Errno> wasix_32v1::sock_set_opt_flag(Caller& caller, Fd fd, SocketOption sockopt,
                                                  Bool flag) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    if (sockopt == SocketOption::promiscuous) {
        return {};  // means nothing to the sockets there are
    }
    const auto option = host_flag(sockopt);
    if (!option) {
        return fail(Errno::inval);
    }
    TRY(set(*file, *option, flag == Bool::false_ ? 0 : 1));
    if (sockopt == SocketOption::reuse_addr) {
        file->socket()->reuse_addr_chosen = true;
    }
    return {};
}

Result<Bool, Errno> wasix_32v1::sock_get_opt_flag(Caller& caller, Fd fd, SocketOption sockopt) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    if (sockopt == SocketOption::promiscuous) {
        return Bool::false_;
    }
    const auto option = sockopt == SocketOption::listening ? HostOption{SOL_SOCKET, SO_ACCEPTCONN}
                                                           : host_flag(sockopt);
    if (!option) {
        return fail(Errno::inval);
    }
    const int value = TRY(get<int>(*file, *option));
    return value == 0 ? Bool::false_ : Bool::true_;
}

/// No time is no timeout, or no lingering. Linux counts microseconds, and seconds of lingering:
/// both are rounded up, so that a short time does not become none. wasix: 6.16
Result<void, Errno> wasix_32v1::sock_set_opt_time(Caller& caller, Fd fd, SocketOption sockopt,
                                                  GuestPointer<const OptionTimestamp> timeout) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    const OptionTimestamp time = TRY(caller.memory.load(timeout));
    const Timestamp value_ns = time.tag == 0 ? 0 : time.value;
    const Timestamp seconds = value_ns / kSecond_ns;
    const Timestamp rest_ns = value_ns % kSecond_ns;
    if (sockopt == SocketOption::linger) {
        constexpr Timestamp kMaxLinger = std::numeric_limits<int>::max();
        const linger setting{
            time.tag == 0 ? 0 : 1,
            static_cast<int>(std::min(seconds + (rest_ns == 0 ? 0 : 1), kMaxLinger))};
        return set(*file, {SOL_SOCKET, SO_LINGER}, setting);
    }
    const auto option = host_time(sockopt);
    if (!option) {
        return fail(Errno::inval);
    }
    const Timestamp microseconds = (rest_ns + 999) / 1000;
    const timeval setting{static_cast<time_t>(seconds + microseconds / 1'000'000),
                          static_cast<suseconds_t>(microseconds % 1'000'000)};
    return set(*file, *option, setting);
}

Result<OptionTimestamp, Errno> wasix_32v1::sock_get_opt_time(Caller& caller, Fd fd,
                                                             SocketOption sockopt) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    OptionTimestamp time;
    if (sockopt == SocketOption::linger) {
        const linger setting = TRY(get<linger>(*file, {SOL_SOCKET, SO_LINGER}));
        time.tag = setting.l_onoff == 0 ? 0 : 1;
        time.value = static_cast<Timestamp>(setting.l_linger) * kSecond_ns;
    } else {
        const auto option = host_time(sockopt);
        if (!option) {
            return fail(Errno::inval);
        }
        const timeval setting = TRY(get<timeval>(*file, *option));
        time.value = static_cast<Timestamp>(setting.tv_sec) * kSecond_ns +
                     static_cast<Timestamp>(setting.tv_usec) * 1000;
        time.tag = time.value == 0 ? 0 : 1;
    }
    if (time.tag == 0) {
        time.value = 0;
    }
    return time;
}

Result<void, Errno> wasix_32v1::sock_set_opt_size(Caller& caller, Fd fd, SocketOption sockopt,
                                                  Filesize size) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    const auto option = host_size(sockopt, file->socket()->family);
    if (!option || size > static_cast<Filesize>(std::numeric_limits<int>::max())) {
        return fail(Errno::inval);
    }
    return set(*file, *option, static_cast<int>(size));
}

/// `last_error` is an Errno, `proto` and `type` are the guest's numbers. wasix: 6.17
Result<Filesize, Errno> wasix_32v1::sock_get_opt_size(Caller& caller, Fd fd, SocketOption sockopt) {
    const FileRef file = TRY(lookup_socket(caller, fd));
    if (sockopt == SocketOption::type) {
        return static_cast<Filesize>(guest_type(*file));
    }
    if (sockopt == SocketOption::last_error) {
        const int error = TRY(get<int>(*file, {SOL_SOCKET, SO_ERROR}));
        return static_cast<Filesize>(error == 0 ? Errno::success
                                                : from_host_network(io::HostErrno{error}));
    }
    const auto option = sockopt == SocketOption::proto ? HostOption{SOL_SOCKET, SO_PROTOCOL}
                                                       : host_size(sockopt, file->socket()->family);
    if (!option) {
        return fail(Errno::inval);
    }
    const int value = TRY(get<int>(*file, *option));
    return static_cast<Filesize>(value);
}

Result<void, Errno> wasix_32v1::sock_join_multicast_v4(Caller& caller, Fd fd,
                                                       GuestPointer<const Inet4> multiaddr,
                                                       GuestPointer<const Inet4> interface) {
    return set_group4(caller, fd, multiaddr, interface, IP_ADD_MEMBERSHIP);
}

Result<void, Errno> wasix_32v1::sock_leave_multicast_v4(Caller& caller, Fd fd,
                                                        GuestPointer<const Inet4> multiaddr,
                                                        GuestPointer<const Inet4> interface) {
    return set_group4(caller, fd, multiaddr, interface, IP_DROP_MEMBERSHIP);
}

Result<void, Errno> wasix_32v1::sock_join_multicast_v6(Caller& caller, Fd fd,
                                                       GuestPointer<const Inet6> multiaddr,
                                                       std::uint32_t interface) {
    return set_group6(caller, fd, multiaddr, interface, IPV6_JOIN_GROUP);
}

Result<void, Errno> wasix_32v1::sock_leave_multicast_v6(Caller& caller, Fd fd,
                                                        GuestPointer<const Inet6> multiaddr,
                                                        std::uint32_t interface) {
    return set_group6(caller, fd, multiaddr, interface, IPV6_LEAVE_GROUP);
}

}  // namespace wasmax::wasix
