// The rules of --net=RULES. docs/network.md

#include "wasix/net_rules.h"

#include <arpa/inet.h>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wasix/resolver.h"

namespace wasmax::wasix {
namespace {

NetPolicy policy(std::string_view text) {
    auto rules = NetRules::parse(text);
    EXPECT_TRUE(rules.has_value()) << rules.error().message;
    return NetPolicy(rules ? std::move(*rules) : NetRules());
}

IpAddress ip(std::string_view text) {
    IpAddress address;
    EXPECT_TRUE(parse_literal(text, address)) << text;
    return address;
}

std::string refusal(std::string_view text) {
    const auto rules = NetRules::parse(text);
    return rules ? std::string() : rules.error().message;
}

TEST(NetRules, AllowAddressesAndPorts) {
    const NetPolicy rules = policy("ipv4:allow={127.0.0.1, 192.168.1.0/24}:{80, 8000-8010}");
    for (const Direction direction : {Direction::in, Direction::out}) {
        EXPECT_TRUE(rules.allows(ip("127.0.0.1"), 80, direction));
        EXPECT_TRUE(rules.allows(ip("192.168.1.255"), 8010, direction));
        EXPECT_FALSE(rules.allows(ip("192.168.2.0"), 80, direction));
        EXPECT_FALSE(rules.allows(ip("127.0.0.1"), 8011, direction));
        EXPECT_FALSE(rules.allows(ip("127.0.0.1"), 7999, direction));
        EXPECT_FALSE(rules.allows(ip("::1"), 80, direction));
    }
}

TEST(NetRules, KeepDirectionsApart) {
    const NetPolicy rules = policy("ipv4:allow=*:80/in,ipv4:allow=10.0.0.0/8:443/out");
    EXPECT_TRUE(rules.allows(ip("0.0.0.0"), 80, Direction::in));
    EXPECT_FALSE(rules.allows(ip("0.0.0.0"), 80, Direction::out));
    EXPECT_TRUE(rules.allows(ip("10.255.0.1"), 443, Direction::out));
    EXPECT_FALSE(rules.allows(ip("10.255.0.1"), 443, Direction::in));
    EXPECT_FALSE(rules.allows(ip("11.0.0.1"), 443, Direction::out));
}

TEST(NetRules, DenyWinsInAnyOrder) {
    for (const char* text :
         {"ipv4:deny=10.0.0.0/8:*,ipv4:allow=*:*", "ipv4:allow=*:*,ipv4:deny=10.0.0.0/8:*"}) {
        const NetPolicy rules = policy(text);
        EXPECT_FALSE(rules.allows(ip("10.1.2.3"), 80, Direction::out)) << text;
        EXPECT_TRUE(rules.denies(ip("10.1.2.3"), 80, Direction::in)) << text;
        EXPECT_TRUE(rules.allows(ip("11.1.2.3"), 80, Direction::out)) << text;
    }
    EXPECT_FALSE(policy("ipv4:deny=10.0.0.0/8:*").allows(ip("11.1.2.3"), 80, Direction::out));
}

TEST(NetRules, ReadIpv6WithAndWithoutBrackets) {
    for (const char* text :
         {"ipv6:allow=[2001:db8::/33]:80", "ipv6:allow=2001:db8::/33:80",
          "ipv6:allow={::1,2001:db8::/33}:80", "ipv6:allow={[::1],[2001:db8::/33]}:80"}) {
        const NetPolicy rules = policy(text);
        EXPECT_TRUE(rules.allows(ip("2001:db8:7fff::1"), 80, Direction::out)) << text;
        EXPECT_FALSE(rules.allows(ip("2001:db8:8000::1"), 80, Direction::out)) << text;
        EXPECT_FALSE(rules.allows(ip("2001:db8::1"), 81, Direction::out)) << text;
    }
    const NetPolicy two = policy("ipv6:allow=::1:80,dns:allow=a:1");
    EXPECT_TRUE(two.allows(ip("::1"), 80, Direction::in));
    EXPECT_TRUE(two.rules().allows_name("a"));
}

TEST(NetRules, OtherSpellingsOfAnAddressAreNoWayAround) {
    const NetPolicy rules =
        policy("ipv4:allow=*:*,ipv6:allow=*:*,ipv4:deny=127.0.0.0/8:*/out,ipv6:deny=::1:*/out");
    EXPECT_FALSE(rules.allows(ip("::ffff:127.0.0.1"), 80, Direction::out));
    EXPECT_FALSE(rules.allows(ip("0.0.0.0"), 80, Direction::out));
    EXPECT_FALSE(rules.allows(ip("::"), 80, Direction::out));
    EXPECT_TRUE(rules.allows(ip("0.0.0.0"), 80, Direction::in));
    EXPECT_TRUE(rules.denies(ip("::ffff:127.0.0.1"), 80, Direction::out));
    EXPECT_FALSE(policy("ipv6:allow=*:*").allows(ip("::ffff:1.2.3.4"), 80, Direction::out));
    EXPECT_FALSE(policy("ipv4:allow=*:*,ipv6:deny=::ffff:0:0/96:*")
                     .allows(ip("::ffff:1.2.3.4"), 80, Direction::out));
}

TEST(NetRules, MatchNames) {
    const NetPolicy rules = policy("dns:allow={a.com, *.B.com}:{80, 8080},dns:deny=bad.b.com:*");
    EXPECT_TRUE(rules.rules().allows_name("a.com"));
    EXPECT_TRUE(rules.rules().allows_name("A.Com."));
    EXPECT_FALSE(rules.rules().allows_name("sub.a.com"));
    EXPECT_FALSE(rules.rules().allows_name("b.com"));
    EXPECT_TRUE(rules.rules().allows_name("x.y.b.com"));
    EXPECT_FALSE(rules.rules().allows_name("bad.b.com"));
    EXPECT_TRUE(policy("dns:allow=*:*").rules().allows_name("anything"));
}

TEST(NetRules, NamesAllowTheAddressesTheyResolveTo) {
    NetPolicy rules = policy("dns:allow=a.com:{80,443},ipv4:deny=10.0.0.0/8:*/out");
    const std::vector found{ip("1.2.3.4"), ip("10.0.0.1"), ip("2001:db8::1")};
    EXPECT_FALSE(rules.allows(ip("1.2.3.4"), 80, Direction::out));
    rules.learn("a.com", found);
    EXPECT_TRUE(rules.allows(ip("1.2.3.4"), 80, Direction::out));
    EXPECT_TRUE(rules.allows(ip("2001:db8::1"), 443, Direction::out));
    EXPECT_FALSE(rules.allows(ip("1.2.3.4"), 81, Direction::out));
    EXPECT_FALSE(rules.allows(ip("1.2.3.4"), 80, Direction::in));
    EXPECT_FALSE(rules.allows(ip("10.0.0.1"), 80, Direction::out));
}

TEST(NetRules, ErrorsNamePositionAndExpectation) {
    EXPECT_EQ(refusal(""),
              "at character 1 of the rules: expected `dns:`, `ipv4:` or `ipv6:`, not "
              "the end");
    EXPECT_EQ(refusal("tcp:allow=*:80"),
              "at character 1 of the rules: expected `dns:`, `ipv4:` or `ipv6:`, not "
              "`tcp:allow=*:80`");
    EXPECT_EQ(refusal("ipv4:permit=*:80"),
              "at character 6 of the rules: expected `allow=` or `deny=`, not `permit=*:80`");
    EXPECT_EQ(refusal("ipv4:allow=localhost:80"),
              "at character 12 of the rules: expected an IPv4 address such as 127.0.0.1, "
              "ADDRESS/PREFIX, or *, not `localhost:80`");
    EXPECT_EQ(refusal("ipv4:allow=10.0.0.0/33:80").substr(0, 15), "at character 12");
    EXPECT_EQ(refusal("ipv4:allow=1.2.3.4"),
              "at character 19 of the rules: expected `:` and a port (0 to 65535), a range such as "
              "80-90, or *, not the end");
    for (const char* ports :
         {"", "x", "65536", "90-80", "80-", "-1", "1-2-3", "{80", "{80;90}", "{}"}) {
        EXPECT_NE(refusal(std::string("ipv4:allow=*:") + ports), "") << ports;
    }
    EXPECT_EQ(refusal("ipv4:allow=*:80/sideways"),
              "at character 17 of the rules: expected `in` or `out`, not `sideways`");
    EXPECT_EQ(refusal("ipv4:allow=*:80,"),
              "at character 17 of the rules: expected `dns:`, `ipv4:` or `ipv6:`, not the end");
    EXPECT_EQ(refusal("ipv4:allow=*:80/in out"),
              "at character 20 of the rules: expected `,` and another rule, or the end, not `out`");
    for (const char* text :
         {"ipv6:allow=[::1:80", "ipv6:allow=[::1]80", "ipv6:allow=1:80,x", "ipv6:allow=:80",
          "dns:allow=:80", "dns:allow=a*b:80", "dns:allow={a,}:80", "dns:allow=a:80/in",
          "dns:", "ipv4:allow={1.2.3.4:80"}) {
        EXPECT_NE(refusal(text), "") << text;
    }
}

}  // namespace
}  // namespace wasmax::wasix
