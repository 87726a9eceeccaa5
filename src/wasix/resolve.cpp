// Names to addresses.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/resolver.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

AddressIp guest_address(const IpAddress& address) {
    AddressIp guest;
    guest.family = address.bits == 32 ? AddressFamily::inet4 : AddressFamily::inet6;
    guest.octets = address.octets;
    return guest;
}

/// Copied, because another guest thread may be changing it. Errors: memviolation, inval.
Result<std::string, Errno> name_text(const GuestMemory& memory, GuestString host) {
    constexpr std::size_t kMaxNameBytes = 1024;
    const auto text = TRY(memory.text(host));
    if (text.empty() || text.size() > kMaxNameBytes) {
        return fail(Errno::inval);
    }
    return std::string(text);
}

}  // namespace

/// The port says nothing about addresses. More of them than there is room for are left out.
/// wasix: 5.10, 6.20
Result<Size, Errno> wasix_32v1::resolve(Caller& caller, GuestString host, std::uint16_t /*port*/,
                                        GuestPointer<AddressIp> addrs, Size naddrs) {
    const std::string name = TRY(name_text(caller.memory, host));
    const GuestSpan<AddressIp> results{addrs.address, naddrs};
    TRY(caller.memory.check(results));
    TRY(caller.process.require_network());
    const std::vector<IpAddress> addresses = TRY(caller.process.resolve(name));
    const auto count = std::min<Size>(naddrs, static_cast<Size>(addresses.size()));
    for (Size index = 0; index < count; ++index) {
        caller.memory.put(results, index, guest_address(addresses[index]));
    }
    return count;
}

}  // namespace wasmax::wasix
