#include "lab/experiment_file.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/experiment.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kWorkload = "[[workload]]\nname = \"close\"\n";

std::string problem(const std::string& text) {
    const auto experiment = parse_experiment(text, "x.toml");
    return experiment ? std::string() : experiment.error().message;
}

TEST(ExperimentFile, FiveLinesAddAServer) {
    const auto experiment = parse_experiment(std::string(kWorkload) + R"(
[[contender]]
name = "mine"
workload = "close"
command = ["./mine", "{port}"]
)",
                                             "x");
    ASSERT_TRUE(experiment) << experiment.error().message;
    ASSERT_EQ(experiment->recipes.size(), 1U);
    EXPECT_EQ(experiment->recipes[0].contender.command,
              (std::vector<std::string>{"./mine", "{port}"}));
    EXPECT_EQ(experiment->load, Load{});
    EXPECT_EQ(experiment->connections, std::vector{400});
    EXPECT_EQ(experiment->runs, 3);
}

TEST(ExperimentFile, ReadsAllItSays) {
    const auto experiment = parse_experiment(R"(
baseline = "native"
runs = 7
[load]
generator = "open"
threads = 2
connections = [100, 200]
rate = 5000
duration = "2m"
warmup = "0s"
pipeline = 4
[[workload]]
name = "keepalive"
port = 8081
path = "/x"
status = 404
body = "no"
[[contender]]
name = "java"
workload = ["keepalive", "close"]
build = [["javac", "A.java"], ["true"]]
command = ["java", "A"]
needs = "java"
install = "ask"
engine = "java"
handles = "one thread"
[[contender]]
name = "other"
workload = "keepalive"
absent = "nobody has it"
[[estimate]]
name = "fast"
workload = "keepalive"
of = "java"
requests_per_second = 30
of_requests_per_second = 20.0
source = "a paper"
)",
                                             "x");
    ASSERT_TRUE(experiment) << experiment.error().message;
    EXPECT_EQ(experiment->load.generator, Generator::open);
    EXPECT_EQ(experiment->load.duration, std::chrono::minutes(2));
    EXPECT_EQ(experiment->load.pipeline, 4);
    EXPECT_EQ(experiment->connections, (std::vector{100, 200}));
    EXPECT_EQ(experiment->rates, std::vector{5000});
    EXPECT_EQ(experiment->workloads[0].expected_status, 404);
    EXPECT_EQ(experiment->workloads[0].expected_body, "no");
    const Recipe& java = experiment->recipes[0];
    EXPECT_EQ(java.build.size(), 2U);
    EXPECT_EQ(java.workloads, (std::vector<std::string>{"keepalive", "close"}));
    EXPECT_EQ(java.needs, std::vector<std::string>{"java"});
    EXPECT_EQ(experiment->recipes[1].absent, "nobody has it");
    EXPECT_DOUBLE_EQ(experiment->estimates[0].estimate.ratio, 1.5);
}

TEST(ExperimentFile, ATypoIsNamedWithItsLineAndTheNearestKey) {
    EXPECT_EQ(problem("[load]\nconections = 4\n"),
              "x.toml:2: [load] has no key 'conections'; did you mean 'connections'?");
    EXPECT_EQ(problem("\n\nbasline = \"a\"\n"),
              "x.toml:3: an experiment has no key 'basline'; did you mean 'baseline'?");
    EXPECT_EQ(problem("[[contender]]\nname = \"a\"\nworkload = \"b\"\ncomand = [\"x\"]\n"),
              "x.toml:1: [[contender]] has no 'command'");
    EXPECT_EQ(problem("[[workload]]\nname = \"a\"\nprt = 1\n"),
              "x.toml:3: [[workload]] has no key 'prt'; did you mean 'port'?");
    EXPECT_EQ(problem("[[contendr]]\n"),
              "x.toml:1: an experiment has no key 'contendr'; did you mean 'contender'?");
    EXPECT_EQ(problem("zzz = 1\n"), "x.toml:1: an experiment has no key 'zzz'");
}

TEST(ExperimentFile, AValueOfAnotherTypeIsNamedWithItsLine) {
    for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
             {"runs = \"3\"", "x.toml:1: 'runs' must be a whole number"},
             {"runs = -1", "x.toml:1: 'runs' must be a whole number"},
             {"baseline = 1", "x.toml:1: 'baseline' must be a string"},
             {"load = 1", "x.toml:1: 'load' must be a table: [...]"},
             {"workload = 1", "x.toml:1: 'workload' must be tables: [[...]]"},
             {"[load]\nduration = \"1h\"", "x.toml:2: 'duration' must be a duration"},
             {"[load]\nduration = 5", "x.toml:2: 'duration' must be a string"},
             {"[load]\nconnections = [1, \"2\"]", "x.toml:2: 'connections' must be a whole"},
             {"[load]\nconnections = []", "x.toml:2: 'connections' must be a whole number or"},
             {"[load]\ngenerator = \"ab\"", "x.toml:2: 'generator' must be \"wrk\" or \"open\""},
             {"[load]\ngenerator = \"open\"", "x.toml:1: [load] has no 'rate'"},
             {"[[workload]]\nname = \"a\"\nport = 70000", "x.toml:3: 'port' must be a port"},
             {"[[workload]]\nport = 1", "x.toml:1: [[workload]] has no 'name'"},
             {"[[contender]]\nname = \"a\"\nworkload = \"b\"\ncommand = [1]",
              "x.toml:4: 'command' must be a string or a list of strings"},
             {"[[contender]]\nname = \"a\"\nworkload = \"b\"\ncommand = \"x\"\nbuild = \"make\"",
              "x.toml:5: 'build' must be a command"},
             {"[[estimate]]\nname = \"a\"", "x.toml:1: [[estimate]] has no 'workload'"}}) {
        EXPECT_THAT(problem(text), StartsWith(message)) << text;
    }
}

TEST(ExperimentFile, WhatIsNoTomlIsNamedWithItsLine) {
    EXPECT_THAT(problem("a = 1\nb = \n"), StartsWith("x.toml:2: "));
    EXPECT_THAT(problem("a = 1\na = 2\n"), StartsWith("x.toml:2: "));
    EXPECT_THAT(problem(std::string(100'000, '[')), StartsWith("x.toml:1: "));
    EXPECT_THAT(problem("a = \"\xff\"\n"), StartsWith("x.toml:1: "));
    EXPECT_EQ(problem(""), "x.toml has no [[workload]]");
}

// Every single change of a byte, and every beginning: read or refused, never worse.
TEST(ExperimentFile, NoDamageToAFileDoesHarm) {
    const std::string text = std::string(kWorkload) +
                             "[load]\nconnections = [1, 2]\nduration = \"10s\"\n"
                             "[[contender]]\nname = \"a\"\nworkload = \"close\"\n"
                             "command = [\"x\", 'y']\n";
    std::size_t refused = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        refused += parse_experiment(text.substr(0, at), "x") ? 0 : 1;
        for (const char c : {'\0', '[', ']', '"', '=', '.', '{', '#', '\n', '\x80', '0'}) {
            std::string damaged = text;
            damaged[at] = c;
            refused += parse_experiment(damaged, "x") ? 0 : 1;
        }
    }
    EXPECT_GT(refused, text.size());
}

TEST(ExperimentFile, IncludesOtherFilesButNotItself) {
    const fs::path directory = fs::path(testing::TempDir()) / ("toml-" + std::to_string(getpid()));
    fs::create_directories(directory);
    std::ofstream(directory / "a.toml") << "include = \"b.toml\"\n" << kWorkload;
    std::ofstream(directory / "b.toml")
        << "[[contender]]\nname = \"n\"\nworkload = \"close\"\ncommand = \"x\"\n";
    std::ofstream(directory / "loop.toml") << "include = \"loop.toml\"\n";
    std::ofstream(directory / "lost.toml") << "include = \"absent.toml\"\n";
    const auto both = read_experiment(directory / "a.toml");
    ASSERT_TRUE(both) << both.error().message;
    EXPECT_EQ(both->name, "a");
    EXPECT_EQ(both->recipes.size(), 1U);
    EXPECT_THAT(read_experiment(directory / "loop.toml").error().message,
                HasSubstr("files include one another"));
    EXPECT_THAT(read_experiment(directory / "lost.toml").error().message,
                HasSubstr("absent.toml: No such file"));
    fs::remove_all(directory);
}

// Those that ship are right.
TEST(ExperimentFile, OursCanBeRead) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(WASMAX_EXPERIMENTS)) {
        const auto experiment = read_experiment(entry.path());
        const std::string why = experiment ? "" : experiment.error().message;
        // Files that are only there to be included have no workload of their own.
        EXPECT_TRUE(experiment || why.ends_with("has no [[workload]]")) << why;
        count += experiment ? 1 : 0;
    }
    EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace wasmax::lab
