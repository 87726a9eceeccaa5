#include "launch/grants.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

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
    EXPECT_EQ(refusal("nett", ""), "unknown option `--nett`");
}

TEST(Grants, EveryOptionOfTheTableIsKnown) {
    for (const GrantOption& option : grant_options()) {
        const std::string_view value = option.name == "env" ? "A=b" : "/a:/b";
        EXPECT_EQ(refusal(option.name, option.value.empty() ? "" : value), "") << option.name;
    }
}

}  // namespace
}  // namespace wasmax::launch
