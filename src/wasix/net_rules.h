#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::wasix {

/// An address without port.
struct IpAddress {
    unsigned bits = 32;                     ///< 32 or 128
    std::array<std::uint8_t, 16> octets{};  ///< in network order; IPv4 uses the first four

    [[nodiscard]] static IpAddress inet4(const std::uint8_t* octets);
    [[nodiscard]] static IpAddress inet6(const std::uint8_t* octets);
    /// What a socket reaches with it: of an IPv6 address that stands for an IPv4 one
    /// (`::ffff:a.b.c.d`) the latter, otherwise itself.
    [[nodiscard]] IpAddress unmapped() const;
    bool operator==(const IpAddress&) const = default;
};

/// Who begins: `in` is a bound or accepted address, `out` one that the guest connects or sends to.
enum class Direction : std::uint8_t { in, out };

/// Which addresses and names a guest may use, as `--net=RULES` says: docs/network.md. Nothing is
/// allowed unless a rule allows it and no rule denies it. Immutable once parsed.
class NetRules {
public:
    /// Errors: invalid, which names the position and what is expected there.
    [[nodiscard]] static Result<NetRules, Error> parse(std::string_view text);
    /// Adds the rules of `more`.
    void add(NetRules more);

    [[nodiscard]] bool allows(const IpAddress& address, std::uint16_t port,
                              Direction direction) const;
    [[nodiscard]] bool denies(const IpAddress& address, std::uint16_t port,
                              Direction direction) const;
    [[nodiscard]] bool allows_name(std::string_view name) const;
    /// Whether a rule that allows `name` allows this port of its addresses.
    [[nodiscard]] bool allows_port_of(std::string_view name, std::uint16_t port) const;

    struct PortRange {
        std::uint16_t first;
        std::uint16_t last;
    };
    struct AddressRange {
        IpAddress address;
        unsigned prefix_bits;
    };
    struct AddressRule {
        bool allow;
        bool in;
        bool out;
        std::vector<AddressRange> addresses;
        std::vector<PortRange> ports;
    };
    struct NameRule {
        bool allow;
        std::vector<std::string> names;  ///< in lower case; `*` at the start stands for any text
        std::vector<PortRange> ports;
    };

private:
    std::vector<AddressRule> address_rules_;
    std::vector<NameRule> name_rules_;
};

/// The rules a process obeys, with the addresses that names they allow have resolved to: a `dns`
/// rule also allows connecting to those. Threads: any.
class NetPolicy {
public:
    explicit NetPolicy(NetRules rules) : rules_(std::move(rules)) {}

    [[nodiscard]] const NetRules& rules() const { return rules_; }
    /// Whichever way the guest writes an address, what it reaches counts: IPv4 through an IPv6
    /// socket, and this machine through the unspecified address. linux: ip(7), ipv6(7)
    [[nodiscard]] bool allows(const IpAddress& address, std::uint16_t port,
                              Direction direction) const;
    /// Whether a rule denies what comes from or to this address; to a listener that was allowed.
    [[nodiscard]] bool denies(const IpAddress& address, std::uint16_t port,
                              Direction direction) const;
    /// `name`, which the rules allow, has these addresses.
    void learn(std::string_view name, std::span<const IpAddress> addresses);

private:
    [[nodiscard]] bool allows_exactly(const IpAddress& address, std::uint16_t port,
                                      Direction direction) const;

    const NetRules rules_;
    mutable std::mutex mutex_;  // guards what follows; no other lock is taken under it
    std::vector<std::pair<IpAddress, std::string>> learned_;
};

}  // namespace wasmax::wasix
