#include "lab/runner.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/metrics.h"
#include "lab/probe.h"
#include "lab/process.h"
#include "lab/process_tree.h"
#include "lab/progress.h"
#include "lab/samples.h"
#include "lab/session.h"
#include "lab/stop.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::HasSubstr;

// The output of a load of 1000 requests.
constexpr std::string_view kWrkOutput = R"(cat <<'END'
    Latency     1.00ms  703.70us   9.58ms   85.59%
  Latency Distribution
     50%    0.90ms
     75%    1.15ms
     90%    1.51ms
     99%    3.91ms
  1000 requests in 1.00s, 2.36MB read
  Socket errors: connect 0, read 2, write 0, timeout 0
Requests/sec:   1000.00
END
)";

std::uint16_t unused_port() {
    const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd.get(), generic, bytes), 0);
    EXPECT_EQ(getsockname(fd.get(), generic, &bytes), 0);
    return ntohs(address.sin_port);
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Runs contenders that are fake_server.c in some mode, under a shell script in place of wrk.
class Runner : public testing::Test {
protected:
    void SetUp() override {
        directory_ = fs::path(testing::TempDir()) / fmt::format("lab-{}", getpid());
        fs::create_directories(directory_ / "logs");
        auto interrupt = Interrupt::create();
        ASSERT_TRUE(interrupt);
        interrupt_.emplace(std::move(*interrupt));
        const fs::path source = fs::path(WASMAX_LAB_TEST_FILES) / "fake_server.c";
        const auto compiled = capture({.launch = {.command = {"cc", "-o", server(), source}},
                                       .limit = std::chrono::minutes(1)},
                                      *interrupt_);
        ASSERT_TRUE(compiled && compiled->exit.success());
        set_wrk(kWrkOutput);
        port_ = unused_port();
    }
    void TearDown() override { fs::remove_all(directory_); }

    [[nodiscard]] std::string server() const { return directory_ / "fake_server"; }

    void set_wrk(std::string_view script) const {
        const fs::path path = directory_ / "wrk";
        std::ofstream(path) << "#!/bin/sh\necho \"$@\" >> " << directory_.string() << "/arguments\n"
                            << script;
        fs::permissions(path, fs::perms::owner_all);
    }

    [[nodiscard]] Experiment experiment(const std::vector<std::string>& modes, int runs = 1) const {
        Experiment experiment{
            .name = "test",
            .contenders = {},
            .workload = {.name = "close", .port = port_, .expected_body = "Hello, World!"},
            .load = {.threads = 2,
                     .connections = 4,
                     .duration = std::chrono::seconds(1),
                     .warmup = std::chrono::seconds(0)},
            .runs = runs,
            .baseline = modes.front()};
        for (const std::string& mode : modes) {
            experiment.contenders.push_back(
                {.name = mode, .command = {server(), fmt::format("{}", port_), mode}});
        }
        return experiment;
    }

    [[nodiscard]] Equipment equipment() const {
        return {.generators = {.wrk = directory_ / "wrk", .pipeline_script = directory_ / "pipe"},
                .log_directory = directory_ / "logs",
                .placement = {},
                .machine = {{"cpu", "x"}},
                // The fake load has two errors in a thousand, and the machine is what it is.
                .rules = {.error_share = 0.01, .other_cores = 1e9},
                .start_limit = milliseconds(10'000),
                .answer_limit = milliseconds(10'000),
                .stop_grace = milliseconds(100)};
    }

    Attempt<void> run(const Experiment& experiment, const Equipment& equipment) {
        Progress silent(nullptr);
        const Listener listener{
            .measured = [this](const Measurement& measurement) -> Result<void, Error> {
                measurements_.push_back(measurement);
                return {};
            },
            .failed = [this](const Absence& absence) -> Result<void, Error> {
                failures_.push_back(absence);
                return {};
            }};
        return run_experiment(experiment, equipment, *interrupt_, silent, listener);
    }

    // Why a contender failed, after a check that nothing was left running and that another one
    // was measured nevertheless.
    std::string problem(const std::string& mode, const Equipment& equipment) {
        failures_.clear();
        const auto outcome = run(experiment({mode}, 2), equipment);
        EXPECT_TRUE(outcome);
        EXPECT_TRUE(require_free_port(port_));
        EXPECT_EQ(failures_.size(), 1U) << "it must not be tried again";
        if (failures_.size() != 1 || failures_[0].why != Absence::Why::failed) {
            return {};
        }
        return failures_[0].contender + ": " + failures_[0].reason;
    }
    std::string problem(const std::string& mode) { return problem(mode, equipment()); }

    fs::path directory_;
    std::uint16_t port_ = 0;
    std::optional<Interrupt> interrupt_;
    std::vector<Measurement> measurements_;
    std::vector<Absence> failures_;
};

TEST_F(Runner, MeasuresInterleaved) {
    const auto outcome = run(experiment({"good", "other"}, 2), equipment());
    ASSERT_TRUE(outcome) << outcome.error().error->message;
    std::vector<std::pair<std::size_t, int>> order;
    for (const Measurement& measurement : measurements_) {
        order.emplace_back(measurement.contender, measurement.iteration);
        EXPECT_EQ(measurement.void_reason, "");
        const std::map<Metric, double> values(measurement.values.begin(), measurement.values.end());
        EXPECT_EQ(values.at(Metric::requests_per_second), 1000);
        EXPECT_EQ(values.at(Metric::read_errors), 2);
        EXPECT_GE(values.at(Metric::cpu_us_per_request), 0);
        EXPECT_GT(values.at(Metric::start_ms), 0);
        EXPECT_GT(values.at(Metric::peak_resident_bytes), 0);
    }
    EXPECT_EQ(order, (std::vector<std::pair<std::size_t, int>>{{0, 0}, {1, 0}, {1, 1}, {0, 1}}));
    EXPECT_TRUE(require_free_port(port_));
}

TEST_F(Runner, WarmsUpBeforeItMeasures) {
    Experiment warm = experiment({"good"});
    warm.load.warmup = std::chrono::seconds(3);
    ASSERT_TRUE(run(warm, equipment()));
    const std::string url = fmt::format("--latency http://127.0.0.1:{}/\n", port_);
    EXPECT_EQ(read_file(directory_ / "arguments"), "-t2 -c4 -d3s " + url + "-t2 -c4 -d1s " + url);
}

TEST_F(Runner, ServerThatDiesAtStart) {
    EXPECT_EQ(problem("die"),
              fmt::format("die: it ended before it answered on port {} with exit code 3; its last "
                          "output: fake_server: cannot start",
                          port_));
}

TEST_F(Runner, ServerThatCannotBeStarted) {
    Experiment absent = experiment({"good"});
    absent.contenders[0].command = {"/absent/server"};
    ASSERT_TRUE(run(absent, equipment()));
    ASSERT_EQ(failures_.size(), 1U);
    EXPECT_EQ(failures_[0].reason, "starting /absent/server: No such file or directory");
}

TEST_F(Runner, ServerThatDoesNotListen) {
    Equipment hasty = equipment();
    hasty.start_limit = milliseconds(100);
    EXPECT_THAT(problem("deaf", hasty), HasSubstr("deaf: it does not listen on port"));
}

TEST_F(Runner, ServerThatListensElsewhere) {
    const std::uint16_t other = unused_port();
    Experiment elsewhere = experiment({"good"});
    elsewhere.contenders[0].command[1] = fmt::format("{}", other);
    Equipment hasty = equipment();
    hasty.start_limit = milliseconds(500);
    ASSERT_TRUE(run(elsewhere, hasty));
    ASSERT_EQ(failures_.size(), 1U);
    EXPECT_THAT(failures_[0].reason, HasSubstr(fmt::format("after its start, but on {}", other)));
}

TEST_F(Runner, OneThatFailsDoesNotKeepTheOthersFromRunning) {
    ASSERT_TRUE(run(experiment({"body", "good"}, 2), equipment()));
    EXPECT_EQ(failures_.size(), 1U);
    ASSERT_EQ(measurements_.size(), 2U);
    EXPECT_EQ(measurements_[0].contender, 1U);
}

TEST_F(Runner, VoidRunsAreRepeatedAndReported) {
    Equipment strict = equipment();
    strict.rules.error_share = 0.001;
    strict.retries = 2;
    ASSERT_TRUE(run(experiment({"good"}), strict));
    ASSERT_EQ(measurements_.size(), 3U);
    for (const Measurement& measurement : measurements_) {
        EXPECT_EQ(measurement.iteration, 0);
        EXPECT_EQ(measurement.void_reason, "0.20 % of its requests failed");
    }
}

TEST_F(Runner, ServerThatDoesNotAnswer) {
    Equipment hasty = equipment();
    hasty.answer_limit = milliseconds(100);
    EXPECT_THAT(problem("mute", hasty),
                HasSubstr("mute: it accepted a connection but sent no answer on port"));
}

TEST_F(Runner, ServerThatAnswersWrongly) {
    EXPECT_THAT(problem("status"), HasSubstr("status: it answered with status 500 instead of 200"));
    EXPECT_THAT(problem("body"),
                HasSubstr("body: it answered with the body \"Goodbye!\" instead of "
                          "\"Hello, World!\""));
}

TEST_F(Runner, ServerThatDiesUnderLoad) {
    set_wrk(fmt::format("curl -s http://127.0.0.1:{}/ > {}/load; sleep 30\n", port_,
                        directory_.string()));
    EXPECT_THAT(problem("frail"), HasSubstr("frail: it ended under load with signal 6"));
}

TEST_F(Runner, PortInUse) {
    Experiment first = experiment({"good"});
    auto occupant = Child::start({.command = first.contenders[0].command});
    ASSERT_TRUE(occupant);
    for (auto result = probe(first.workload, milliseconds(10'000), *interrupt_);
         result && std::holds_alternative<NotListening>(*result);
         result = probe(first.workload, milliseconds(10'000), *interrupt_)) {
    }
    const auto outcome = run(first, equipment());
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().error->message,
                HasSubstr(fmt::format("port {} is already in use", port_)));
}

TEST_F(Runner, ServerThatIgnoresSignalsIsKilled) {
    ASSERT_TRUE(run(experiment({"stubborn"}, 2), equipment()));
    EXPECT_EQ(measurements_.size(), 2U);
    EXPECT_TRUE(require_free_port(port_));
}

TEST_F(Runner, AnEndSaysWhatWasLeft) {
    auto stubborn = Child::start({.command = {server(), fmt::format("{}", port_), "stubborn"}});
    ASSERT_TRUE(stubborn);
    // Once it answers, it ignores signals.
    const Experiment one = experiment({"stubborn"});
    for (auto result = probe(one.workload, milliseconds(10'000), *interrupt_);
         result && std::holds_alternative<NotListening>(*result);
         result = probe(one.workload, milliseconds(10'000), *interrupt_)) {
    }
    EXPECT_TRUE(stubborn->stop(milliseconds(20)).killed);
    auto leaking = Child::start({.command = {server(), fmt::format("{}", port_), "leak"}});
    ASSERT_TRUE(leaking);
    while (process_tree(-1, leaking->mark()).size() < 2) {
        usleep(1000);
    }
    EXPECT_GE(leaking->stop(milliseconds(0)).leaked, 1);
}

TEST_F(Runner, WhatAServerLeavesBehindIsKilled) {
    auto child = Child::start({.command = {server(), fmt::format("{}", port_), "leak"}});
    ASSERT_TRUE(child);
    const pid_t pid = child->pid();
    const std::string mark = child->mark();
    constexpr pid_t kNobody = -1;  // so that only the mark finds them
    while (process_tree(kNobody, mark).size() < 2) {
        usleep(1000);
    }
    child->stop(milliseconds(0));
    EXPECT_TRUE(process_tree(pid, mark).empty());
}

TEST_F(Runner, WrkThatFails) {
    set_wrk("echo unable to connect; exit 1\n");
    EXPECT_EQ(problem("good"), "good: wrk ended with exit code 1: unable to connect\n");
}

TEST_F(Runner, WrkThatTalksNonsense) {
    set_wrk("echo hello\n");
    EXPECT_EQ(problem("good"), "good: the generator's output has no readable 'N requests in T'");
}

TEST_F(Runner, AnInterruptionStopsServerAndWrk) {
    set_wrk("kill -INT $PPID\nsleep 30\n");
    const auto outcome = run(experiment({"good"}), equipment());
    ASSERT_FALSE(outcome);
    EXPECT_FALSE(outcome.error().error);
    EXPECT_EQ(outcome.error().signal, SIGINT);
    EXPECT_TRUE(measurements_.empty());
    EXPECT_TRUE(require_free_port(port_));
}

TEST_F(Runner, ASessionWritesSamplesAndReports) {
    const fs::path output = directory_ / "out" / "deep";
    ASSERT_TRUE(create_output_directory(output));
    Progress silent(nullptr);
    const auto session =
        run_session({experiment({"good", "other"})}, equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_FALSE(session->stop);
    ASSERT_EQ(session->summaries.size(), 1U);
    EXPECT_FALSE(session->summaries[0].partial);
    for (const char* const name :
         {"chart-close.svg", "results.xlsx", "summary.md", "report.html"}) {
        EXPECT_GT(fs::file_size(output / name), 100U) << name;
    }
    const auto samples = read_samples(output / "samples.jsonl");
    ASSERT_TRUE(samples) << samples.error().message;
    EXPECT_EQ(samples->front().conditions, session->summaries[0].conditions);
    EXPECT_EQ(samples->front().samples.size(), 2 * kMetricCount);
    const auto again = create_output_directory(output);
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().message, HasSubstr("already holds the samples"));
}

TEST_F(Runner, AnInterruptedSessionKeepsWhatItHas) {
    // The second load interrupts.
    set_wrk(fmt::format(
        "if [ $(wc -l < {0}/arguments) -gt 1 ]; then kill -TERM $PPID; sleep 30; fi\n{1}",
        directory_.string(), kWrkOutput));
    const fs::path output = directory_ / "out";
    ASSERT_TRUE(create_output_directory(output));
    Progress silent(nullptr);
    const auto session =
        run_session({experiment({"good", "other"})}, equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE(session->stop && session->summaries.size() == 1);
    EXPECT_EQ(session->stop->signal, SIGTERM);
    EXPECT_TRUE(session->summaries[0].partial);
    ASSERT_EQ(session->summaries[0].rows.size(), 2U);
    EXPECT_EQ(session->summaries[0].rows[0].runs, 1);
    EXPECT_EQ(session->summaries[0].rows[1].runs, 0);
    EXPECT_TRUE(fs::exists(output / "chart-close.svg"));
    EXPECT_TRUE(fs::exists(output / "results.xlsx"));
    EXPECT_THAT(read_file(output / "summary.md"), HasSubstr("(partial)"));
}

TEST_F(Runner, ASessionThatMeasuredNothingLeavesNoSamples) {
    const fs::path output = directory_ / "out";
    ASSERT_TRUE(create_output_directory(output));
    Progress silent(nullptr);
    const auto session =
        run_session({experiment({"die"})}, equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session);
    EXPECT_TRUE(session->summaries.empty());
    ASSERT_EQ(session->failures.size(), 1U);
    EXPECT_THAT(session->failures[0].reason, HasSubstr("exit code 3"));
    EXPECT_FALSE(fs::exists(output / "samples.jsonl"));
    remove_if_empty(output);
    EXPECT_FALSE(fs::exists(output));
}

TEST(OutputDirectory, AFileInItsPlaceIsAnError) {
    const auto created = create_output_directory("/dev/null/results");
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().message,
              "creating the output directory /dev/null/results: Not a directory");
}

}  // namespace
}  // namespace wasmax::lab
