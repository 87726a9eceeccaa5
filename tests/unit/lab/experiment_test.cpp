#include "lab/experiment.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/progress.h"

namespace wasmax::lab {
namespace {

using std::chrono::seconds;

Experiment valid_experiment() {
    return {.name = "e",
            .contenders = {{.name = "a", .command = {"a"}}, {.name = "b", .command = {"b"}}},
            .workload = {.name = "close"},
            .load = {},
            .baseline = "a"};
}

std::string problem(const Experiment& experiment) {
    const auto checked = validate(experiment);
    return checked ? std::string() : checked.error().message;
}

TEST(Experiment, EverySecondRoundIsReversed) {
    EXPECT_EQ(schedule(2, 3), (std::vector<std::size_t>{0, 1, 1, 0, 0, 1}));
    EXPECT_EQ(schedule(3, 2), (std::vector<std::size_t>{0, 1, 2, 2, 1, 0}));
    EXPECT_TRUE(schedule(0, 5).empty());
}

TEST(Experiment, DurationsAreSecondsOrMinutes) {
    EXPECT_EQ(parse_duration("10s").value(), seconds(10));
    EXPECT_EQ(parse_duration("10").value(), seconds(10));
    EXPECT_EQ(parse_duration("2m").value(), seconds(120));
    EXPECT_EQ(parse_duration("0s").value(), seconds(0));
    EXPECT_EQ(parse_duration("1440m").value(), seconds(86'400));
}

TEST(Experiment, OtherDurationsAreRefused) {
    for (const char* const text : {"", "s", "10x", "-1s", "1.5s", "10 s", "1441m", "86401s",
                                   "99999999999999999999s", "10ss"}) {
        const auto duration = parse_duration(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_NE(duration.error().message.find("is not a duration"), std::string::npos);
    }
}

TEST(Experiment, AcceptsTheDefaults) { EXPECT_EQ(problem(valid_experiment()), ""); }

TEST(Experiment, NamesTheValueThatIsOutOfRange) {
    Experiment experiment = valid_experiment();
    experiment.load.threads = 401;
    EXPECT_EQ(problem(experiment), "the number of threads must be between 1 and 400, not 401");
    experiment = valid_experiment();
    experiment.runs = 0;
    EXPECT_EQ(problem(experiment), "the number of runs must be between 1 and 1000, not 0");
    experiment = valid_experiment();
    experiment.load.duration = seconds(0);
    EXPECT_EQ(problem(experiment), "the duration in seconds must be between 1 and 86400, not 0");
}

TEST(Experiment, AnOpenLoopNeedsARate) {
    Experiment experiment = valid_experiment();
    experiment.load.generator = Generator::open;
    EXPECT_EQ(problem(experiment),
              "the rate of requests per second must be between 1 and 10000000, not 0");
    experiment.load.rate = 100;
    EXPECT_EQ(problem(experiment), "");
    EXPECT_EQ(describe(experiment.load), "open loop, 100 requests/s, 400 connections, 10 s");
}

TEST(Experiment, PlansItsTime) {
    Experiment experiment = valid_experiment();
    experiment.runs = 3;
    experiment.load.duration = std::chrono::seconds(10);
    experiment.load.warmup = std::chrono::seconds(2);
    const auto turns = static_cast<long>(experiment.contenders.size()) * 3;
    EXPECT_EQ(planned_time(experiment).count(), turns * 13);
    EXPECT_EQ(rough(std::chrono::seconds(99)), "99 s");
    EXPECT_EQ(rough(std::chrono::seconds(350)), "6 min");
    Progress progress(nullptr);
    EXPECT_EQ(progress.left(), "");
    progress.expect(std::chrono::seconds(60));
    progress.done(std::chrono::seconds(20));
    EXPECT_EQ(progress.left(), ", about 40 s left");
}

TEST(Experiment, ChecksContenders) {
    Experiment experiment = valid_experiment();
    experiment.contenders[1].name = "a";
    EXPECT_EQ(problem(experiment), "two contenders are called 'a'");
    experiment.contenders[1].name = "../b";
    EXPECT_EQ(problem(experiment),
              "'../b' cannot name a contender: use letters, digits, '-', '_', '.'");
    experiment = valid_experiment();
    experiment.contenders[0].command.clear();
    EXPECT_EQ(problem(experiment), "the contender 'a' has no command");
    experiment.contenders.clear();  // all absent: nothing to measure, and nothing wrong
    EXPECT_EQ(problem(experiment), "");
    experiment.workload.name = "a/b";
    EXPECT_EQ(problem(experiment),
              "'a/b' cannot name a workload: use at most 31 letters, digits, '-', '_', '.'");
}

}  // namespace
}  // namespace wasmax::lab
