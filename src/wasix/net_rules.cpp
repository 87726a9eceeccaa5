#include "wasix/net_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace wasmax::wasix {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool contains(const NetRules::AddressRange& range, const IpAddress& address) {
    if (range.address.bits != address.bits) {
        return false;
    }
    const unsigned whole = range.prefix_bits / 8;
    const unsigned rest = range.prefix_bits % 8;
    if (!std::equal(address.octets.begin(), address.octets.begin() + whole,
                    range.address.octets.begin())) {
        return false;
    }
    return rest == 0 || (address.octets[whole] ^ range.address.octets[whole]) >> (8 - rest) == 0;
}

bool matches(std::span<const NetRules::PortRange> ports, std::uint16_t port) {
    return std::ranges::any_of(ports, [&](const NetRules::PortRange& range) {
        return range.first <= port && port <= range.last;
    });
}

bool matches(const NetRules::AddressRule& rule, const IpAddress& address, std::uint16_t port,
             Direction direction) {
    return (direction == Direction::in ? rule.in : rule.out) && matches(rule.ports, port) &&
           std::ranges::any_of(rule.addresses,
                               [&](const auto& range) { return contains(range, address); });
}

/// As names are compared: in lower case, without the dot that ends an absolute one.
std::string canonical(std::string_view name) {
    std::string text(name);
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (text.ends_with('.')) {
        text.pop_back();
    }
    return text;
}

IpAddress loopback(unsigned bits) {
    IpAddress address{.bits = bits};
    if (bits == 32) {
        address.octets[0] = 127;
        address.octets[3] = 1;
    } else {
        address.octets[15] = 1;
    }
    return address;
}

bool matches(const NetRules::NameRule& rule, std::string_view canonical_name) {
    return std::ranges::any_of(rule.names, [&](const std::string& pattern) {
        return pattern.starts_with('*')
                   ? canonical_name.ends_with(std::string_view(pattern).substr(1))
                   : canonical_name == pattern;
    });
}

}  // namespace

IpAddress IpAddress::inet4(const std::uint8_t* octets) {
    IpAddress address;
    std::memcpy(address.octets.data(), octets, 4);
    return address;
}

IpAddress IpAddress::unmapped() const {
    return bits == 128 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin())
               ? inet4(&octets[kMappedPrefix.size()])
               : *this;
}

IpAddress IpAddress::inet6(const std::uint8_t* octets) {
    IpAddress address;
    address.bits = 128;
    std::memcpy(address.octets.data(), octets, 16);
    return address;
}

void NetRules::add(NetRules more) {
    std::ranges::move(more.address_rules_, std::back_inserter(address_rules_));
    std::ranges::move(more.name_rules_, std::back_inserter(name_rules_));
}

bool NetRules::allows(const IpAddress& address, std::uint16_t port, Direction direction) const {
    return !denies(address, port, direction) &&
           std::ranges::any_of(address_rules_, [&](const AddressRule& rule) {
               return rule.allow && matches(rule, address, port, direction);
           });
}

bool NetRules::denies(const IpAddress& address, std::uint16_t port, Direction direction) const {
    return std::ranges::any_of(address_rules_, [&](const AddressRule& rule) {
        return !rule.allow && matches(rule, address, port, direction);
    });
}

bool NetRules::allows_name(std::string_view name) const {
    const std::string text = canonical(name);
    const auto any = [&](bool allow) {
        return std::ranges::any_of(name_rules_, [&](const NameRule& rule) {
            return rule.allow == allow && matches(rule, text);
        });
    };
    return any(true) && !any(false);
}

bool NetRules::allows_port_of(std::string_view name, std::uint16_t port) const {
    const std::string text = canonical(name);
    return std::ranges::any_of(name_rules_, [&](const NameRule& rule) {
        return rule.allow && matches(rule, text) && matches(rule.ports, port);
    });
}

bool NetPolicy::denies(const IpAddress& address, std::uint16_t port, Direction direction) const {
    return rules_.denies(address, port, direction) ||
           rules_.denies(address.unmapped(), port, direction);
}

bool NetPolicy::allows(const IpAddress& address, std::uint16_t port, Direction direction) const {
    const IpAddress reached = address.unmapped();
    if (reached != address && rules_.denies(address, port, direction)) {
        return false;
    }
    if (direction == Direction::out && reached.octets == IpAddress().octets) {
        return allows_exactly(reached, port, direction) &&
               !rules_.denies(loopback(reached.bits), port, direction);
    }
    return allows_exactly(reached, port, direction);
}

bool NetPolicy::allows_exactly(const IpAddress& address, std::uint16_t port,
                               Direction direction) const {
    if (rules_.allows(address, port, direction)) {
        return true;
    }
    if (direction != Direction::out || rules_.denies(address, port, direction)) {
        return false;
    }
    const std::lock_guard guard(mutex_);
    return std::ranges::any_of(learned_, [&](const auto& entry) {
        return entry.first == address && rules_.allows_port_of(entry.second, port);
    });
}

void NetPolicy::learn(std::string_view name, std::span<const IpAddress> addresses) {
    // A guest that resolves ever new names may not fill the host's memory.
    constexpr std::size_t kMaxLearned = 65'536;
    const std::lock_guard guard(mutex_);
    for (const IpAddress& address : addresses) {
        const bool known = std::ranges::any_of(learned_, [&](const auto& entry) {
            return entry.first == address && entry.second == name;
        });
        if (!known && learned_.size() < kMaxLearned) {
            learned_.emplace_back(address, name);
        }
    }
}

}  // namespace wasmax::wasix
