#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wasix/net_rules.h"

namespace wasmax::wasix {

// The messages of the domain name system that asking for addresses needs: RFC 1035 and, for IPv6,
// RFC 3596. What a server sent is hostile input.

enum class RecordType : std::uint16_t { a = 1, aaaa = 28 };

/// A recursive query with one question; nullopt when `name` is none: empty, a label of more than 63
/// bytes, more than 253 in all. A dot at its end is ignored.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> encode_query(std::uint16_t id,
                                                                    std::string_view name,
                                                                    RecordType type);

struct DnsAnswer {
    enum class Outcome : std::uint8_t {
        found,  ///< the name exists, though maybe without such an address
        no_such_name,
        failed,  ///< the server cannot say
    };
    Outcome outcome = Outcome::failed;
    bool truncated = false;  ///< ask again over TCP
    std::vector<IpAddress> addresses;
};

/// The answer to `query`, which encode_query() made; nullopt when it is none: another id or
/// question, or damaged. Records of names that the question does not lead to, through aliases,
/// do not count.
[[nodiscard]] std::optional<DnsAnswer> decode_answer(std::span<const std::uint8_t> message,
                                                     std::span<const std::uint8_t> query);

}  // namespace wasmax::wasix
