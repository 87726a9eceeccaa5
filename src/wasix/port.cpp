// The host's network interfaces, which a guest may look at but not change. wasix: 5.11, 6.23

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

struct FreeInterfaces {
    void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};
using Interfaces = std::unique_ptr<ifaddrs, FreeInterfaces>;

Result<Interfaces, Errno> interfaces() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {
        return fail(from_host_network(io::HostErrno{errno}));
    }
    return Interfaces(list);
}

template <class T>
T read_as(const sockaddr* address) {
    T value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

template <std::size_t N>
std::uint8_t prefix_bits(const std::uint8_t (&mask)[N]) {
    int bits = 0;
    for (const std::uint8_t byte : mask) {
        bits += std::popcount(byte);
    }
    return static_cast<std::uint8_t>(bits);
}

/// nullopt: of another kind than guests know.
std::optional<AddressCidr> cidr_of(const ifaddrs& entry) {
    if (entry.ifa_addr == nullptr || entry.ifa_netmask == nullptr) {
        return std::nullopt;
    }
    AddressCidr cidr;
    if (entry.ifa_addr->sa_family == AF_INET) {
        const auto address = read_as<sockaddr_in>(entry.ifa_addr).sin_addr;
        const auto mask = std::bit_cast<std::array<std::uint8_t, 4>>(
            read_as<sockaddr_in>(entry.ifa_netmask).sin_addr);
        cidr.family = AddressFamily::inet4;
        std::memcpy(cidr.octets.data(), &address, sizeof address);
        cidr.octets[4] = prefix_bits({mask[0], mask[1], mask[2], mask[3]});
        return cidr;
    }
    if (entry.ifa_addr->sa_family == AF_INET6) {
        const auto address = read_as<sockaddr_in6>(entry.ifa_addr).sin6_addr;
        const auto mask = read_as<sockaddr_in6>(entry.ifa_netmask).sin6_addr;
        cidr.family = AddressFamily::inet6;
        std::memcpy(cidr.octets.data(), &address, sizeof address);
        cidr.inet6_prefix = prefix_bits(mask.s6_addr);
        return cidr;
    }
    return std::nullopt;
}

}  // namespace

/// Too little room is overflow, with the number that is needed. wasix: 5.11
Result<void, Errno> wasix_32v1::port_addr_list(Caller& caller, GuestPointer<AddressCidr> addrs,
                                               GuestPointer<Size> naddrs) {
    const Size room = TRY(caller.memory.load(naddrs));
    const GuestSpan<AddressCidr> results{addrs.address, room};
    TRY(caller.memory.check(results));
    TRY(caller.process.require_network());
    const Interfaces list = TRY(interfaces());
    std::vector<AddressCidr> found;
    for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
        if (const auto cidr = cidr_of(*entry)) {
            found.push_back(*cidr);
        }
    }
    TRY(caller.memory.store(naddrs, static_cast<Size>(found.size())));
    if (found.size() > room) {
        return fail(Errno::overflow);
    }
    for (Size index = 0; index < found.size(); ++index) {
        caller.memory.put(results, index, found[index]);
    }
    return {};
}

/// Of the first interface that is no loopback. Errors: notsup (there is none).
Result<HardwareAddress, Errno> wasix_32v1::port_mac(Caller& caller) {
    TRY(caller.process.require_network());
    const Interfaces list = TRY(interfaces());
    for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_PACKET ||
            (entry->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        const auto link = read_as<sockaddr_ll>(entry->ifa_addr);
        HardwareAddress address{};
        if (link.sll_halen == address.octets.size()) {
            std::memcpy(address.octets.data(), link.sll_addr, address.octets.size());
            return address;
        }
    }
    return fail(Errno::notsup);
}

}  // namespace wasmax::wasix
