#include "wasix/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/result.h"
#include "base/units.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/net_rules.h"

namespace wasmax::wasix {
namespace {

// Offsets in an addr_port: tag, padding, then by family. wasix: 5.1
constexpr std::size_t kPort = 2;
constexpr std::size_t kOctets = 4;
constexpr std::size_t kFlowInfoHigh = 20;  // both 32-bit words are stored high half first
constexpr std::size_t kScopeIdHigh = 24;
constexpr std::size_t kUnixPath = 2;
constexpr std::size_t kInet4Bytes = 8;
constexpr std::size_t kInet6Bytes = 28;
constexpr std::size_t kUnspecBytes = 6;

std::size_t guest_bytes(AddressFamily family) {
    switch (family) {
        case AddressFamily::unspec:
            return kUnspecBytes;
        case AddressFamily::inet4:
            return kInet4Bytes;
        case AddressFamily::inet6:
            return kInet6Bytes;
        case AddressFamily::unix_:
            return kAddressPortBytes;
    }
    return kUnspecBytes;
}

template <class T>
T get(const std::byte* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

template <class T>
void put(std::byte* bytes, T value) {
    std::memcpy(bytes, &value, sizeof value);
}

std::uint32_t get_halves(const std::byte* bytes) {
    return std::uint32_t{get<std::uint16_t>(bytes)} << 16 | get<std::uint16_t>(bytes + 2);
}

void put_halves(std::byte* bytes, std::uint32_t value) {
    put(bytes, static_cast<std::uint16_t>(value >> 16));
    put(bytes + 2, static_cast<std::uint16_t>(value));
}

/// A stored address and its length.
struct Encoded {
    std::array<std::byte, kAddressPortBytes> bytes{};
    std::size_t count = kUnspecBytes;
};

Encoded encode(const io::AddressBuffer& address) {
    Encoded out;
    const sa_family_t family =
        address.bytes < sizeof(sa_family_t) ? sa_family_t{AF_UNSPEC} : address.storage.ss_family;
    const auto* raw = std::bit_cast<const std::byte*>(&address.storage);
    const auto begin = [&](AddressFamily tag) {
        out.bytes[0] = static_cast<std::byte>(tag);
        out.count = guest_bytes(tag);
    };
    if (family == AF_INET) {
        const auto host = get<sockaddr_in>(raw);
        begin(AddressFamily::inet4);
        put(&out.bytes[kPort], ntohs(host.sin_port));
        put(&out.bytes[kOctets], host.sin_addr);
    } else if (family == AF_INET6) {
        const auto host = get<sockaddr_in6>(raw);
        begin(AddressFamily::inet6);
        put(&out.bytes[kPort], ntohs(host.sin6_port));
        put(&out.bytes[kOctets], host.sin6_addr);
        put_halves(&out.bytes[kFlowInfoHigh], host.sin6_flowinfo);
        put_halves(&out.bytes[kScopeIdHigh], host.sin6_scope_id);
    } else if (family == AF_UNIX) {
        const auto host = get<sockaddr_un>(raw);
        begin(AddressFamily::unix_);
        // The kernel's length excludes what it did not write; the rest stays zero.
        const std::size_t path_bytes =
            std::min<std::size_t>(address.bytes, sizeof host) - offsetof(sockaddr_un, sun_path);
        std::memcpy(&out.bytes[kUnixPath], host.sun_path,
                    std::min<std::size_t>(path_bytes, kAddressPortBytes - kUnixPath));
    }
    return out;
}

std::optional<IpEndpoint> endpoint_of(sa_family_t family, const std::byte* raw) {
    if (family == AF_INET) {
        const auto host = get<sockaddr_in>(raw);
        const auto octets = std::bit_cast<std::array<std::uint8_t, 4>>(host.sin_addr);
        return IpEndpoint{IpAddress::inet4(octets.data()), ntohs(host.sin_port)};
    }
    if (family == AF_INET6) {
        const auto host = get<sockaddr_in6>(raw);
        return IpEndpoint{IpAddress::inet6(host.sin6_addr.s6_addr), ntohs(host.sin6_port)};
    }
    return std::nullopt;
}

}  // namespace

HostAddress host_address(const IpAddress& address, std::uint16_t port) {
    HostAddress host{};
    if (address.bits == 32) {
        host.inet4.sin_family = AF_INET;
        host.inet4.sin_port = htons(port);
        std::memcpy(&host.inet4.sin_addr, address.octets.data(), sizeof host.inet4.sin_addr);
        host.bytes = sizeof host.inet4;
    } else {
        host.inet6.sin6_family = AF_INET6;
        host.inet6.sin6_port = htons(port);
        std::memcpy(&host.inet6.sin6_addr, address.octets.data(), sizeof host.inet6.sin6_addr);
        host.bytes = sizeof host.inet6;
    }
    return host;
}

std::optional<IpEndpoint> ip_endpoint(const HostAddress& address) {
    return endpoint_of(address.any.sa_family, std::bit_cast<const std::byte*>(&address.any));
}

std::optional<IpEndpoint> ip_endpoint(const io::AddressBuffer& address) {
    return address.bytes < sizeof(sa_family_t)
               ? std::nullopt
               : endpoint_of(address.storage.ss_family,
                             std::bit_cast<const std::byte*>(&address.storage));
}

RawAddress load_raw_address(const GuestMemory& memory, std::uint64_t address) {
    RawAddress raw;
    const auto head = memory.view(address, kOctets);
    if (!head.has_value()) {
        return raw;
    }
    raw.tag = get<std::uint8_t>(head->data());
    raw.port = get<std::uint16_t>(head->data() + kPort);
    const std::size_t count =
        raw.tag == static_cast<std::uint8_t>(AddressFamily::inet6) ? sizeof(Inet6) : sizeof(Inet4);
    const auto rest = memory.view(address + kOctets, count);
    if (rest.has_value()) {
        raw.count = count;
        std::memcpy(raw.bytes.data(), rest->data(), count);
    }
    return raw;
}

Result<HostAddress, Errno> load_address(const GuestMemory& memory,
                                        GuestPointer<const AddressPort> pointer) {
    const auto tag = TRY(memory.load(GuestPointer<const AddressFamily>{pointer.address}));
    const MutableByteView guest = TRY(memory.view(pointer.address, guest_bytes(tag)));
    HostAddress address{};
    switch (tag) {
        case AddressFamily::unspec:
            address.any.sa_family = AF_UNSPEC;
            address.bytes = sizeof(sockaddr);
            return address;
        case AddressFamily::inet4:
            address.inet4.sin_family = AF_INET;
            address.inet4.sin_port = htons(get<std::uint16_t>(&guest[kPort]));
            address.inet4.sin_addr = get<in_addr>(&guest[kOctets]);
            address.bytes = sizeof address.inet4;
            return address;
        case AddressFamily::inet6:
            address.inet6.sin6_family = AF_INET6;
            address.inet6.sin6_port = htons(get<std::uint16_t>(&guest[kPort]));
            address.inet6.sin6_addr = get<in6_addr>(&guest[kOctets]);
            address.inet6.sin6_flowinfo = get_halves(&guest[kFlowInfoHigh]);
            address.inet6.sin6_scope_id = get_halves(&guest[kScopeIdHigh]);
            address.bytes = sizeof address.inet6;
            return address;
        case AddressFamily::unix_:
            break;  // of another family than the socket (unix_socket.h)
    }
    return fail(Errno::inval);
}

Result<void, Errno> check_address(const GuestMemory& memory, GuestPointer<AddressPort> pointer,
                                  AddressFamily family) {
    TRY(memory.view(pointer.address, guest_bytes(family)));
    return {};
}

Result<void, Errno> store_address(const GuestMemory& memory, GuestPointer<AddressPort> pointer,
                                  const io::AddressBuffer& address) {
    const Encoded encoded = encode(address);
    const MutableByteView guest = TRY(memory.view(pointer.address, encoded.count));
    std::memcpy(guest.data(), encoded.bytes.data(), encoded.count);
    return {};
}

}  // namespace wasmax::wasix
