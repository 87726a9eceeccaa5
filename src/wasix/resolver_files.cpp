// hosts(5) and resolv.conf(5).

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasix/address.h"
#include "wasix/net_rules.h"
#include "wasix/resolver.h"

namespace wasmax::wasix {
namespace {

constexpr std::string_view kSpace = " \t\r";

/// The words of each line, without comments, to `line`.
template <class Line>
void for_each_line(std::string_view text, std::string_view comment, Line line) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view rest = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        rest = rest.substr(0, rest.find_first_of(comment));
        std::vector<std::string_view> words;
        while (true) {
            const std::size_t start = rest.find_first_not_of(kSpace);
            if (start == std::string_view::npos) {
                break;
            }
            const std::size_t length = rest.substr(start).find_first_of(kSpace);
            words.push_back(rest.substr(start, length));
            rest.remove_prefix(length == std::string_view::npos ? rest.size() : start + length);
        }
        if (!words.empty()) {
            line(words);
        }
    }
}

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    if (b.ends_with('.')) {
        b.remove_suffix(1);
    }
    return std::ranges::equal(a, b, {}, lower, lower);
}

unsigned number(std::string_view text, unsigned otherwise) {
    unsigned value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// `ADDRESS`, `ADDRESS%INTERFACE` (ignored) or `[ADDRESS]:PORT`.
bool parse_server(std::string_view text, HostAddress& server) {
    constexpr unsigned kDnsPort = 53;
    unsigned port = kDnsPort;
    if (text.starts_with('[')) {
        const std::size_t end = text.find("]:");
        if (end == std::string_view::npos) {
            return false;
        }
        port = number(text.substr(end + 2), kDnsPort);
        text = text.substr(1, end - 1);
    }
    IpAddress address;
    if (!parse_literal(text.substr(0, text.find('%')), address)) {
        return false;
    }
    server = host_address(address, static_cast<std::uint16_t>(port));
    return true;
}

void parse_options(const std::vector<std::string_view>& words, ResolverConfig& config) {
    for (const std::string_view word : words) {
        const std::size_t colon = word.find(':');
        const std::string_view name = word.substr(0, colon);
        const std::string_view value =
            colon == std::string_view::npos ? std::string_view() : word.substr(colon + 1);
        // The largest values that glibc accepts.
        if (name == "ndots") {
            config.dots = std::min(number(value, 1), 15U);
        } else if (name == "timeout") {
            config.timeout_s = std::clamp(number(value, 5), 1U, 30U);
        } else if (name == "attempts") {
            config.attempts = std::clamp(number(value, 2), 1U, 5U);
        }
    }
}

}  // namespace

bool parse_literal(std::string_view text, IpAddress& address) {
    const std::string terminated(text);
    std::uint8_t octets[16];
    if (::inet_pton(AF_INET, terminated.c_str(), octets) == 1) {
        address = IpAddress::inet4(octets);
        return true;
    }
    if (::inet_pton(AF_INET6, terminated.c_str(), octets) == 1) {
        address = IpAddress::inet6(octets);
        return true;
    }
    return false;
}

ResolverConfig ResolverConfig::parse(std::string_view text) {
    constexpr std::size_t kMaxServers = 3;
    constexpr std::size_t kMaxSearch = 6;
    ResolverConfig config;
    for_each_line(text, "#;", [&](const std::vector<std::string_view>& words) {
        const std::string_view keyword = words.front();
        if (keyword == "nameserver" && words.size() > 1) {
            HostAddress server{};
            if (config.servers.size() < kMaxServers && parse_server(words[1], server)) {
                config.servers.push_back(server);
            }
        } else if (keyword == "search" || keyword == "domain") {
            config.search.assign(words.begin() + 1,
                                 words.begin() + static_cast<std::ptrdiff_t>(
                                                     std::min(words.size(), kMaxSearch + 1)));
        } else if (keyword == "options") {
            parse_options(words, config);
        }
    });
    if (config.servers.empty()) {
        HostAddress server{};
        if (parse_server("127.0.0.1", server)) {
            config.servers.push_back(server);
        }
    }
    return config;
}

std::vector<IpAddress> addresses_in_hosts(std::string_view text, std::string_view name) {
    std::vector<IpAddress> addresses;
    for_each_line(text, "#", [&](const std::vector<std::string_view>& words) {
        IpAddress address;
        const bool named = std::any_of(words.begin() + 1, words.end(), [&](std::string_view word) {
            return same_name(word, name);
        });
        if (named && parse_literal(words.front(), address)) {
            addresses.push_back(address);
        }
    });
    return addresses;
}

}  // namespace wasmax::wasix
