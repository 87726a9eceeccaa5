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
        return {.wrk = directory_ / "wrk",
                .log_directory = directory_ / "logs",
                .placement = {},
                .machine = {{"cpu", "x"}},
                .start_limit = milliseconds(10'000),
                .answer_limit = milliseconds(10'000),
                .stop_grace = milliseconds(100)};
    }

    Attempt<void> run(const Experiment& experiment, const Equipment& equipment) {
        Progress silent(nullptr);
        return run_experiment(experiment, equipment, *interrupt_, silent,
                              [this](const Measurement& measurement) -> Result<void, Error> {
                                  measurements_.push_back(measurement);
                                  return {};
                              });
    }

    // The error of an experiment with one contender, after a check that nothing was left running.
    std::string problem(const std::string& mode, const Equipment& equipment) {
        const auto outcome = run(experiment({mode}), equipment);
        EXPECT_FALSE(outcome);
        EXPECT_TRUE(require_free_port(port_));
        return outcome || !outcome.error().error ? std::string() : outcome.error().error->message;
    }
    std::string problem(const std::string& mode) { return problem(mode, equipment()); }

    fs::path directory_;
    std::uint16_t port_ = 0;
    std::optional<Interrupt> interrupt_;
    std::vector<Measurement> measurements_;
};

TEST_F(Runner, MeasuresInterleaved) {
    const auto outcome = run(experiment({"good", "other"}, 2), equipment());
    ASSERT_TRUE(outcome) << outcome.error().error->message;
    std::vector<std::pair<std::size_t, int>> order;
    for (const Measurement& measurement : measurements_) {
        order.emplace_back(measurement.contender, measurement.iteration);
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
    const auto outcome = run(absent, equipment());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error->message,
              "good: starting /absent/server: No such file or directory");
}

TEST_F(Runner, ServerThatDoesNotListen) {
    Equipment hasty = equipment();
    hasty.start_limit = milliseconds(100);
    EXPECT_THAT(problem("deaf", hasty), HasSubstr("deaf: it does not listen on port"));
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
    EXPECT_EQ(problem("good"), "good: wrk's output has no readable 'N requests in T'");
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
        run_session(experiment({"good", "other"}), equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_FALSE(session->stop);
    ASSERT_TRUE(session->summary);
    EXPECT_FALSE(session->summary->partial);
    for (const char* const name : {"chart.svg", "results.xlsx", "summary.md"}) {
        EXPECT_GT(fs::file_size(output / name), 100U) << name;
    }
    const auto samples = read_samples(output / "samples.jsonl");
    ASSERT_TRUE(samples) << samples.error().message;
    EXPECT_EQ(samples->conditions, session->summary->conditions);
    EXPECT_EQ(samples->samples.size(), 2 * kMetricCount);
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
        run_session(experiment({"good", "other"}), equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_TRUE(session->stop && session->summary);
    EXPECT_EQ(session->stop->signal, SIGTERM);
    EXPECT_TRUE(session->summary->partial);
    ASSERT_EQ(session->summary->rows.size(), 2U);
    EXPECT_EQ(session->summary->rows[0].runs, 1);
    EXPECT_EQ(session->summary->rows[1].runs, 0);
    EXPECT_TRUE(fs::exists(output / "chart.svg"));
    EXPECT_TRUE(fs::exists(output / "results.xlsx"));
    EXPECT_THAT(read_file(output / "summary.md"), HasSubstr("(partial)"));
}

TEST_F(Runner, ASessionThatMeasuredNothingLeavesNoSamples) {
    const fs::path output = directory_ / "out";
    ASSERT_TRUE(create_output_directory(output));
    Progress silent(nullptr);
    const auto session = run_session(experiment({"die"}), equipment(), output, *interrupt_, silent);
    ASSERT_TRUE(session);
    EXPECT_FALSE(session->summary);
    EXPECT_TRUE(session->stop && session->stop->error);
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
