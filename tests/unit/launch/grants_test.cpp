#include "launch/grants.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wasix/net_rules.h"
#include "wasix/process.h"

namespace wasmax::launch {
namespace {

constexpr Frontend kFrontend{.option_prefix = "--", .report = [](const std::string&) {}};

std::string refusal(std::string_view name, std::string_view value) {
    Grants grants;
    const auto result = grant(grants, name, value, "--" + std::string(name));
    return result ? std::string() : result.error().message;
}

TEST(Grants, NothingIsGrantedByDefault) {
    const wasix::ProcessOptions options = process_options({}, {"program"}, kFrontend);
    EXPECT_EQ(options.args, std::vector<std::string>{"program"});
    EXPECT_TRUE(options.env.empty());
    EXPECT_TRUE(options.preopens.empty());
    EXPECT_EQ(options.network, wasix::Network::none);
}

TEST(Grants, DirectoriesAreNamedFromEitherSide) {
    Grants grants;
    ASSERT_TRUE(grant(grants, "dir", "/host", "--dir"));
    ASSERT_TRUE(grant(grants, "dir", "/host:/guest", "--dir"));
    ASSERT_TRUE(grant(grants, "mapdir", "/guest:/host:with-colon", "--mapdir"));
    ASSERT_EQ(grants.directories.size(), 3U);
    EXPECT_EQ(grants.directories[0].guest_path, "/host");
    EXPECT_EQ(grants.directories[1].host_path, "/host");
    EXPECT_EQ(grants.directories[1].guest_path, "/guest");
    EXPECT_EQ(grants.directories[2].host_path, "/host:with-colon");
    EXPECT_EQ(grants.directories[2].guest_path, "/guest");
}

TEST(Grants, ALaterVariableReplacesAnEarlierOne) {
    Grants grants;
    ASSERT_TRUE(grant(grants, "env", "A=1", "--env"));
    ASSERT_TRUE(grant(grants, "env", "AB=2", "--env"));
    ASSERT_TRUE(grant(grants, "env", "A=3=4", "--env"));
    EXPECT_EQ(process_options(grants, {}, kFrontend).env,
              (std::vector<std::string>{"AB=2", "A=3=4"}));
}

TEST(Grants, RefusalsNameTheOption) {
    EXPECT_TRUE(refusal("env", "=x").starts_with("--env takes NAME=VALUE"));
    EXPECT_TRUE(refusal("env", "x").starts_with("--env takes NAME=VALUE"));
    EXPECT_TRUE(refusal("dir", "").starts_with("--dir takes HOST"));
    EXPECT_TRUE(refusal("dir", "/host:").starts_with("--dir takes HOST"));
    EXPECT_TRUE(refusal("mapdir", "/one").starts_with("--mapdir takes GUEST:HOST"));
    EXPECT_TRUE(
        refusal("net", "ipv4:allow=x:1").starts_with("--net: at character 12 of the rules"));
    for (const char* size : {"", "x", "1", "63K", "1T", "-1", "99999999999G"}) {
        EXPECT_TRUE(refusal("max-memory", size).starts_with("--max-memory takes a size")) << size;
    }
    for (const char* count : {"", "0", "65537", "x", "1K"}) {
        EXPECT_TRUE(refusal("max-fds", count).starts_with("--max-fds takes a number")) << count;
    }
    EXPECT_EQ(refusal("nett", ""), "unknown option `--nett`");
}

TEST(Grants, NetworkRulesAddUpUntilThePlainOption) {
    Grants grants;
    ASSERT_TRUE(grant(grants, "net", "ipv4:allow=127.0.0.1:80", "--net"));
    ASSERT_TRUE(grant(grants, "net", "ipv4:allow=127.0.0.2:80", "--net"));
    const auto policy = process_options(grants, {}, kFrontend).net_policy;
    ASSERT_NE(policy, nullptr);
    for (std::uint8_t last = 1; last <= 3; ++last) {
        const std::uint8_t octets[]{127, 0, 0, last};
        EXPECT_EQ(policy->allows(wasix::IpAddress::inet4(octets), 80, wasix::Direction::in),
                  last != 3);
    }
    ASSERT_TRUE(grant(grants, "net", "", "--net"));
    EXPECT_EQ(process_options(grants, {}, kFrontend).net_policy, nullptr);
    EXPECT_EQ(process_options(grants, {}, kFrontend).network, wasix::Network::all);
}

TEST(Grants, TimeAndExitCodeAreKept) {
    Grants grants;
    ASSERT_TRUE(grant(grants, "timeout", "250ms", "--timeout"));
    ASSERT_TRUE(grant(grants, "trap-exit-code", "9", "--trap-exit-code"));
    EXPECT_EQ(grants.time_limit, std::chrono::milliseconds(250));
    EXPECT_EQ(grants.trap_exit_code, 9);
    EXPECT_TRUE(refusal("timeout", "soon").starts_with("--timeout takes"));
    EXPECT_TRUE(refusal("trap-exit-code", "256").starts_with("--trap-exit-code takes"));
}

TEST(Grants, EveryOptionOfTheTableIsKnown) {
    for (const GrantOption& option : grant_options()) {
        EXPECT_FALSE(refusal(option.name, "/a=:/b").starts_with("unknown")) << option.name;
    }
}

}  // namespace
}  // namespace wasmax::launch
