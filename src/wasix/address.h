#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/net_rules.h"

namespace wasmax::wasix {

/// A socket address as the host wants it.
struct HostAddress {
    union {
        sockaddr any;
        sockaddr_in inet4;
        sockaddr_in6 inet6;
    };
    socklen_t bytes;
};

[[nodiscard]] HostAddress host_address(const IpAddress& address, std::uint16_t port);

/// An address and a port, of TCP or UDP.
struct IpEndpoint {
    IpAddress address;
    std::uint16_t port;
};
/// nullopt: of another family.
[[nodiscard]] std::optional<IpEndpoint> ip_endpoint(const HostAddress& address);
[[nodiscard]] std::optional<IpEndpoint> ip_endpoint(const io::AddressBuffer& address);

/// An address as the guest wrote it, right or wrong.
struct RawAddress {
    std::uint8_t tag = 0xff;  ///< of its family; 0xff: outside the memory
    std::uint16_t port = 0;
    std::size_t count = 0;  ///< of `bytes` that the family has: even
    std::array<std::byte, 16> bytes{};
};

/// For the tracer: no check but that of the memory's bounds.
[[nodiscard]] RawAddress load_raw_address(const GuestMemory& memory, std::uint64_t address);

/// The guest's address at `pointer`; only the bytes its family needs are read. Ports are
/// little-endian. Errors: memviolation; inval (unix, or no family). An unspecified address is
/// AF_UNSPEC. wasix: 5.1-5.6
[[nodiscard]] Result<HostAddress, Errno> load_address(const GuestMemory& memory,
                                                      GuestPointer<const AddressPort> pointer);

/// Whether store_address() of an address of `family` to `pointer` would succeed. Errors:
/// memviolation.
[[nodiscard]] Result<void, Errno> check_address(const GuestMemory& memory,
                                                GuestPointer<AddressPort> pointer,
                                                AddressFamily family);

/// Writes the bytes that the address's family needs and no others: the guest's struct may be as
/// short. An address the kernel did not give (bytes is 0) is unspecified. Errors: memviolation.
[[nodiscard]] Result<void, Errno> store_address(const GuestMemory& memory,
                                                GuestPointer<AddressPort> pointer,
                                                const io::AddressBuffer& address);

}  // namespace wasmax::wasix
