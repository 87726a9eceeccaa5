// The syntax of --net=RULES. docs/network.md
//
//   rules:   rule (`,` rule)*
//   rule:    `dns:` action names `:` ports
//          | (`ipv4:` | `ipv6:`) action addresses `:` ports (`/in` | `/out`)?
//   action:  `allow=` | `deny=`
//   names, addresses and ports: one item, or `{` item (`,` item)* `}`

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "wasix/net_rules.h"

namespace wasmax::wasix {
namespace {

enum class Kind : std::uint8_t { dns, ipv4, ipv6 };

constexpr std::string_view kPortSyntax = "a port (0 to 65535), a range such as 80-90, or *";

template <class T>
bool parse_number(std::string_view text, T& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end && !text.empty();
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() {
        skip_space();
        return at_ == text_.size();
    }
    [[nodiscard]] bool take(std::string_view word) {
        skip_space();
        if (!text_.substr(at_).starts_with(word)) {
            return false;
        }
        at_ += word.size();
        return true;
    }
    Result<void, Error> expect(std::string_view word, std::string_view what) {
        return take(word) ? Result<void, Error>{} : fail(expected(what));
    }
    /// Text up to one of `ends` or the end of the rules, without spaces around it.
    [[nodiscard]] std::string_view item(std::string_view ends) {
        skip_space();
        item_at_ = at_;
        at_ = std::min(text_.find_first_of(ends, at_), text_.size());
        std::string_view found = text_.substr(item_at_, at_ - item_at_);
        while (found.ends_with(' ')) {
            found.remove_suffix(1);
        }
        return found;
    }
    /// What stands before the last `:` of this rule: an IPv6 address without brackets.
    [[nodiscard]] std::string_view item_before_last_colon() {
        skip_space();
        item_at_ = at_;
        const std::size_t comma = text_.find_first_of("{,", at_);
        const std::size_t colon = text_.substr(0, comma).rfind(':');
        at_ = colon == std::string_view::npos || colon < at_ ? text_.size() : colon;
        return text_.substr(item_at_, at_ - item_at_);
    }
    [[nodiscard]] Error expected(std::string_view what) const { return error_at(at_, what); }
    /// About the last item().
    [[nodiscard]] Error item_expected(std::string_view what) const {
        return error_at(item_at_, what);
    }

private:
    void skip_space() {
        while (at_ < text_.size() && text_[at_] == ' ') {
            ++at_;
        }
    }
    [[nodiscard]] Error error_at(std::size_t position, std::string_view what) const {
        constexpr std::size_t kShown = 24;
        const std::string_view rest = text_.substr(position);
        const std::string found = rest.empty() ? "the end"
                                               : "`" + std::string(rest.substr(0, kShown)) +
                                                     (rest.size() > kShown ? "..." : "") + "`";
        return Error::invalid("at character " + std::to_string(position + 1) +
                              " of the rules: expected " + std::string(what) + ", not " + found);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t item_at_ = 0;
};

/// One item, or several in braces; `one` parses an item and knows that `}` may follow it.
template <class T, class One>
Result<std::vector<T>, Error> list(Parser& parser, One one) {
    std::vector<T> items;
    if (!parser.take("{")) {
        items.push_back(TRY(one(false)));
        return items;
    }
    do {
        items.push_back(TRY(one(true)));
    } while (parser.take(","));
    TRY(parser.expect("}", "`,` or `}`"));
    return items;
}

Result<NetRules::PortRange, Error> parse_port(Parser& parser) {
    const std::string_view text = parser.item(",}/");
    if (text == "*") {
        return NetRules::PortRange{0, 65'535};
    }
    const std::size_t dash = text.find('-');
    NetRules::PortRange range{};
    if (!parse_number(text.substr(0, dash), range.first)) {
        return fail(parser.item_expected(kPortSyntax));
    }
    range.last = range.first;
    if (dash != std::string_view::npos &&
        (!parse_number(text.substr(dash + 1), range.last) || range.last < range.first)) {
        return fail(parser.item_expected(kPortSyntax));
    }
    return range;
}

Result<std::string, Error> parse_name(Parser& parser) {
    const std::string_view text = parser.item(":,{}/");
    if (text.empty() || text.find('*', 1) != std::string_view::npos) {
        return fail(parser.item_expected("a name, *.NAME for those below it, or *"));
    }
    std::string name(text);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

/// `text` is an address, with the length of its prefix after a slash, or `*`.
Result<NetRules::AddressRange, Error> parse_range(const Parser& parser, std::string_view text,
                                                  Kind kind) {
    const bool inet6 = kind == Kind::ipv6;
    const std::string_view what = inet6 ? "an IPv6 address such as ::1, ADDRESS/PREFIX, or *"
                                        : "an IPv4 address such as 127.0.0.1, ADDRESS/PREFIX, or *";
    const unsigned bits = inet6 ? 128 : 32;
    NetRules::AddressRange range{{.bits = bits}, 0};
    if (text == "*") {
        return range;
    }
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    if (::inet_pton(inet6 ? AF_INET6 : AF_INET, address.c_str(), range.address.octets.data()) !=
        1) {
        return fail(parser.item_expected(what));
    }
    range.prefix_bits = bits;
    if (slash != std::string_view::npos &&
        (!parse_number(text.substr(slash + 1), range.prefix_bits) || range.prefix_bits > bits)) {
        return fail(parser.item_expected(what));
    }
    return range;
}

Result<NetRules::AddressRange, Error> parse_address(Parser& parser, Kind kind, bool in_braces) {
    if (kind == Kind::ipv4) {
        return parse_range(parser, parser.item(in_braces ? ",}" : ":,{}"), kind);
    }
    if (parser.take("[")) {
        const auto range = TRY(parse_range(parser, parser.item("]"), kind));
        TRY(parser.expect("]", "`]`"));
        return range;
    }
    return parse_range(parser, in_braces ? parser.item(",}") : parser.item_before_last_colon(),
                       kind);
}

Result<Kind, Error> parse_kind(Parser& parser) {
    for (const auto& [word, kind] : {std::pair("dns:", Kind::dns), std::pair("ipv4:", Kind::ipv4),
                                     std::pair("ipv6:", Kind::ipv6)}) {
        if (parser.take(word)) {
            return kind;
        }
    }
    return fail(parser.expected("`dns:`, `ipv4:` or `ipv6:`"));
}

Result<bool, Error> parse_allow(Parser& parser) {
    if (parser.take("allow=")) {
        return true;
    }
    TRY(parser.expect("deny=", "`allow=` or `deny=`"));
    return false;
}

Result<std::vector<NetRules::PortRange>, Error> parse_ports(Parser& parser) {
    TRY(parser.expect(":", "`:` and " + std::string(kPortSyntax)));
    return list<NetRules::PortRange>(parser,
                                     [&](bool /*in_braces*/) { return parse_port(parser); });
}

Result<NetRules::AddressRule, Error> parse_address_rule(Parser& parser, Kind kind, bool allow) {
    NetRules::AddressRule rule{
        .allow = allow, .in = true, .out = true, .addresses = {}, .ports = {}};
    rule.addresses = TRY(list<NetRules::AddressRange>(
        parser, [&](bool in_braces) { return parse_address(parser, kind, in_braces); }));
    rule.ports = TRY(parse_ports(parser));
    if (parser.take("/")) {
        if (parser.take("in")) {
            rule.out = false;
        } else {
            TRY(parser.expect("out", "`in` or `out`"));
            rule.in = false;
        }
    }
    return rule;
}

}  // namespace

Result<NetRules, Error> NetRules::parse(std::string_view text) {
    NetRules rules;
    Parser parser(text);
    do {
        const Kind kind = TRY(parse_kind(parser));
        const bool allow = TRY(parse_allow(parser));
        if (kind == Kind::dns) {
            NameRule rule{.allow = allow, .names = {}, .ports = {}};
            rule.names = TRY(
                list<std::string>(parser, [&](bool /*in_braces*/) { return parse_name(parser); }));
            rule.ports = TRY(parse_ports(parser));
            rules.name_rules_.push_back(std::move(rule));
        } else {
            rules.address_rules_.push_back(TRY(parse_address_rule(parser, kind, allow)));
        }
    } while (parser.take(","));
    if (!parser.at_end()) {
        return fail(parser.expected("`,` and another rule, or the end"));
    }
    return rules;
}

}  // namespace wasmax::wasix
