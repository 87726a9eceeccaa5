// Tiers, limits of compiling, and what large modules start on, through the command line.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// `functions` functions of about 5 * `instructions` bytes, and a `_start` that returns.
std::string module_of(int functions, int instructions) {
    std::string text = "(module (func (export \"_start\"))";
    for (int function = 0; function < functions; ++function) {
        text += "(func (param i32) (result i32) local.get 0";
        for (int i = 0; i < instructions; ++i) {
            text += " local.get 0 i32.const " + std::to_string(function + i) +
                    (i % 3 == 0 ? " i32.mul i32.xor" : " i32.rotl i32.add");
        }
        text += ")";
    }
    return text + ")";
}

class Tier : public testing::Test {
protected:
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        return directory_.write(name, text);
    }
    [[nodiscard]] Completed wasmax(const Arguments& arguments,
                                   std::vector<std::string> environment = {}) const {
        environment.push_back("XDG_CACHE_HOME=" + *this / "cache");
        return e2e::wasmax(arguments, {}, environment);
    }
    /// What `inspect` says about an artifact's tier.
    [[nodiscard]] std::string tier_of(const std::string& artifact) const {
        const std::string page = wasmax({"inspect", "--json", artifact}).output;
        const auto at = page.find("\"tier\": \"");
        return at == std::string::npos ? page : page.substr(at + 9, 2);
    }
    [[nodiscard]] std::vector<std::string> cached_tiers() const {
        std::vector<std::string> tiers;
        for (const auto& entry : fs::recursive_directory_iterator(*this / "cache")) {
            if (entry.path().extension() == ".wmx") {
                tiers.push_back(tier_of(entry.path().string()));
            }
        }
        std::sort(tiers.begin(), tiers.end());
        return tiers;
    }

    TemporaryDirectory directory_;
    const std::string small_ = write("small.wat", "(module (func (export \"_start\")))");
};

using Tiers = std::vector<std::string>;

TEST_F(Tier, IsChosenByTheLevelAndSaidByInspect) {
    for (const auto& [level, tier] : {std::pair("-O0", "t0"), {"-O1", "t2"}, {"-O2", "t3"}}) {
        for (const char* command : {"compile", "create-exe"}) {
            ASSERT_EQ(wasmax({command, small_, level, "-o", *this / "out"}).exit_code, 0);
            EXPECT_EQ(tier_of(*this / "out"), tier) << command << " " << level;
        }
    }
    ASSERT_EQ(wasmax({"compile", small_, "-o", *this / "out"}).exit_code, 0);
    EXPECT_EQ(tier_of(*this / "out"), "t3");
    const Completed wrong = wasmax({"run", "-O7", small_});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_TRUE(contains(wrong.errors, "takes 0, 1 or 2")) << wrong.errors;
}

TEST_F(Tier, IsPartOfTheCachesKey) {
    for (const char* level : {"-O0", "-O2", "-O0", "-O2"}) {
        EXPECT_EQ(wasmax({"run", level, small_}).exit_code, 0);
    }
    EXPECT_EQ(cached_tiers(), (Tiers{"t0", "t3"}));
    EXPECT_EQ(wasmax({"run", small_}).exit_code, 0);
    EXPECT_EQ(cached_tiers(), (Tiers{"t0", "t2", "t3"}));
}

TEST_F(Tier, OfTheFirstRunOfALargeModuleIsLow) {
    const std::string large = write("large.wat", module_of(4, 100));
    const std::vector<std::string> environment{"WASMAX_LARGE_CODE_KIB=1"};
    EXPECT_EQ(wasmax({"run", "--no-cache", large}, environment).exit_code, 0);
    EXPECT_EQ(wasmax({"run", "-O2", large}, environment).exit_code, 0);
    EXPECT_EQ(cached_tiers(), Tiers{"t3"});
    // The default level's artifact is made behind our back, once.
    EXPECT_EQ(wasmax({"run", large}, environment).exit_code, 0);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (cached_tiers().size() < 3 && std::chrono::steady_clock::now() < deadline) {
        EXPECT_EQ(wasmax({"run", large}, environment).exit_code, 0);
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(cached_tiers(), (Tiers{"t0", "t2", "t3"}));
    EXPECT_EQ(wasmax({"run", large}, environment).exit_code, 0);
    EXPECT_EQ(cached_tiers().size(), 3U);
}

TEST_F(Tier, OfASmallModuleIsTheDefaultAtOnce) {
    EXPECT_EQ(wasmax({"run", small_}).exit_code, 0);
    EXPECT_EQ(cached_tiers(), Tiers{"t2"});
}

TEST_F(Tier, OutputIsTheSameForAnyNumberOfCpus) {
    const std::string module = write("module.wat", module_of(60, 400));  // several partitions
    for (const char* level : {"-O0", "-O1", "-O2"}) {
        std::vector<std::string> artifacts;
        for (const char* cpus : {"0", "0-1023"}) {
            const std::string out = *this / (std::string("cpus-") + cpus);
            const Completed done =
                Child({"taskset", "-c", cpus, WASMAX_BINARY, "compile", module, level, "-o", out})
                    .wait();
            ASSERT_EQ(done.exit_code, 0) << done.errors;
            std::ifstream file(out, std::ios::binary);
            artifacts.emplace_back(std::istreambuf_iterator<char>(file),
                                   std::istreambuf_iterator<char>());
        }
        EXPECT_TRUE(artifacts[0] == artifacts[1]) << level;
    }
}

TEST_F(Tier, CompilingEndsAtItsTimeLimit) {
    const std::string module = write("module.wat", module_of(200, 1000));
    const Completed late =
        wasmax({"compile", module, "-o", *this / "out", "--compile-timeout", "10ms"});
    EXPECT_EQ(late.exit_code, 1);
    EXPECT_TRUE(contains(late.errors, "took longer than 10 ms")) << late.errors;
    EXPECT_FALSE(fs::exists(*this / "out"));
    EXPECT_EQ(wasmax({"run", small_, "--compile-timeout", "10 parsecs"}).exit_code, 2);
    EXPECT_EQ(wasmax({"run", "--compile-timeout", "1h", small_}).exit_code, 0);
}

TEST_F(Tier, CompilingEndsAtItsMemoryLimit) {
    const std::string module = write("module.wat", module_of(4, 20'000));
    const Completed large = wasmax({"run", "-O1", module, "--compile-memory", "16"});
    EXPECT_EQ(large.exit_code, 1);
    EXPECT_TRUE(contains(large.errors, "needs more than 16 MiB of memory")) << large.errors;
    EXPECT_EQ(wasmax({"run", small_, "--compile-memory", "200"}).exit_code, 0);
}

TEST_F(Tier, ProgressIsShownOnlyWhenAskedForOrOnATerminal) {
    const std::string module = write("module.wat", module_of(40, 2000));
    const Completed quiet = wasmax({"compile", module, "-o", *this / "out"});
    EXPECT_EQ(quiet.exit_code, 0);
    EXPECT_EQ(quiet.errors, "");
    const Completed shown = wasmax({"compile", module, "-o", *this / "out", "--progress"});
    EXPECT_TRUE(contains(shown.errors, " %, ")) << shown.errors;
    EXPECT_FALSE(contains(shown.errors, "\r")) << shown.errors;
}

}  // namespace
}  // namespace wasmax::e2e
