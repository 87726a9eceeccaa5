#include "lab/plan.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "lab/experiment_file.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kFile = R"(
baseline = "b"
[load]
connections = [5, 20]
[[workload]]
name = "close"
port = 9000
[[workload]]
name = "keepalive"
[[contender]]
name = "a"
workload = ["close", "keepalive"]
command = ["{tool}/a", "--port={port}"]
[[contender]]
name = "b"
workload = "close"
command = ["sh"]
needs = ["sh"]
[[contender]]
name = "c"
workload = "close"
command = ["c"]
needs = ["no-such-program-here"]
install = "ask for it"
[[contender]]
name = "d"
workload = "close"
absent = "nobody has it"
[[estimate]]
name = "e"
workload = "close"
of = "a"
requests_per_second = 2
of_requests_per_second = 1
source = "s"
)";

class Plan : public testing::Test {
protected:
    void SetUp() override {
        auto interrupt = Interrupt::create();
        ASSERT_TRUE(interrupt);
        interrupt_.emplace(std::move(*interrupt));
    }
    Attempt<std::vector<Experiment>> plan_of(const Overrides& overrides, const char* text = kFile) {
        Progress silent(nullptr);
        const auto file = parse_experiment(text, "x");
        EXPECT_TRUE(file) << file.error().message;
        return plan(*file, overrides, {{"tool", "/t"}}, *interrupt_, silent);
    }
    std::string problem(const Overrides& overrides, const char* text = kFile) {
        const auto planned = plan_of(overrides, text);
        return planned || !planned.error().error ? std::string() : planned.error().error->message;
    }

    std::optional<Interrupt> interrupt_;
};

TEST_F(Plan, AnExperimentPerWorkloadAndLoad) {
    const auto planned = plan_of({});
    ASSERT_TRUE(planned) << planned.error().error->message;
    ASSERT_EQ(planned->size(), 4U);
    const Experiment& first = planned->front();
    EXPECT_EQ(first.workload.name, "close");
    EXPECT_EQ(first.load.connections, 5);
    EXPECT_EQ(first.load.threads, 5);  // never more than connections
    EXPECT_EQ((*planned)[1].load.connections, 20);
    EXPECT_EQ((*planned)[2].workload.name, "keepalive");
    ASSERT_EQ(first.contenders.size(), 2U);
    EXPECT_EQ(first.contenders[0].command, (std::vector<std::string>{"/t/a", "--port=9000"}));
    EXPECT_EQ(first.absences,
              (std::vector<Absence>{
                  {.contender = "c", .reason = "no-such-program-here is not installed; ask for it"},
                  {.contender = "d", .reason = "nobody has it"}}));
    ASSERT_EQ(first.estimates.size(), 1U);
    EXPECT_TRUE((*planned)[2].estimates.empty());
}

TEST_F(Plan, TheCommandLineHasTheLastWord) {
    const auto planned = plan_of({.contenders = {"b", "b"},
                                  .workloads = {"close"},
                                  .baseline = "b",
                                  .runs = 9,
                                  .connections = 7,
                                  .threads = 2,
                                  .duration = std::chrono::seconds(1),
                                  .warmup = std::chrono::seconds(0)});
    ASSERT_TRUE(planned) << planned.error().error->message;
    ASSERT_EQ(planned->size(), 1U);
    const Experiment& one = planned->front();
    EXPECT_EQ(one.load, (Load{.threads = 2,
                              .connections = 7,
                              .duration = std::chrono::seconds(1),
                              .warmup = std::chrono::seconds(0)}));
    EXPECT_EQ(one.runs, 9);
    EXPECT_EQ(one.baseline, "b");
    ASSERT_EQ(one.contenders.size(), 2U);
    EXPECT_EQ(one.contenders[1].name, "b-2");
    EXPECT_TRUE(one.absences.empty());
}

TEST_F(Plan, UnknownNamesAreNamedWithTheNearest) {
    EXPECT_THAT(problem({.workloads = {"keepalve"}}),
                StartsWith("x has no workload 'keepalve' (did you mean keepalive?); known are: "));
    EXPECT_THAT(problem({.contenders = {"z"}}), HasSubstr("x has no contender 'z'"));
    EXPECT_EQ(problem({.connections = 5, .threads = 6}),
              "the number of threads must be between 1 and 5, not 6");
}

TEST_F(Plan, AnUnknownPlaceIsNamed) {
    EXPECT_EQ(problem({},
                      "[[workload]]\nname=\"w\"\n[[contender]]\nname=\"a\"\nworkload=\"w\"\n"
                      "command=[\"{tol}/x\"]\n"),
              "a: '{tol}' stands for nothing (did you mean {tool}?); known are: {port}, {tool}");
}

TEST_F(Plan, ABuildRunsOnceAndItsFailureIsTheReason) {
    const fs::path directory = fs::path(testing::TempDir()) / ("plan-" + std::to_string(getpid()));
    fs::create_directories(directory);
    const std::string log = (directory / "log").string();
    const std::string text = R"(
[[workload]]
name = "w"
[[contender]]
name = "a"
workload = "w"
build = ["sh", "-c", "echo built >> )" +
                             log +
                             R"("]
command = ["a"]
[[contender]]
name = "b"
workload = "w"
build = ["sh", "-c", "echo built >> )" +
                             log +
                             R"("]
command = ["b"]
[[contender]]
name = "c"
workload = "w"
build = [["true"], ["sh", "-c", "echo broken; exit 3"]]
command = ["c"]
)";
    const auto planned = plan_of({}, text.c_str());
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->front().contenders.size(), 2U);
    ASSERT_EQ(planned->front().absences.size(), 1U);
    EXPECT_EQ(planned->front().absences[0].reason,
              "its build, `sh -c echo broken; exit 3`, ended with exit code 3: broken");
    EXPECT_EQ(fs::file_size(log), 6U);
    fs::remove_all(directory);
}

}  // namespace
}  // namespace wasmax::lab
