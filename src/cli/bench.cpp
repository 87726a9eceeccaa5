#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/chrono.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "cli/commands.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/founding.h"
#include "lab/interrupt.h"
#include "lab/machine.h"
#include "lab/process.h"
#include "lab/progress.h"
#include "lab/report/report.h"
#include "lab/runner.h"
#include "lab/session.h"
#include "lab/stop.h"

namespace wasmax::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter = R"(Examples:
  wasmax bench                               the founding experiment, about 90 seconds
  wasmax bench --runs 5 --output result      five runs of each contender, into ./result
  wasmax bench --runs 1 --duration 2s        a quick look
  wasmax bench --contenders native,native    twice the same: what differs is noise

Prints a table and writes samples.jsonl, chart.svg, results.xlsx and summary.md into a new directory.
Ctrl-C stops the servers and reports what was measured until then. See docs/lab.md.)";

struct BenchOptions {
    std::vector<std::string> contenders{"wasm", "native"};
    int runs = 3;
    int connections = 400;
    std::optional<int> threads;
    std::string duration = "10s";
    std::string warmup = "2s";
    std::string output;
    std::string guests;
    bool json = false;
    bool no_pin = false;
};

lab::Attempt<lab::Experiment> experiment_of(const BenchOptions& options) {
    lab::Experiment experiment = lab::founding_experiment();
    experiment.runs = options.runs;
    experiment.load.connections = options.connections;
    experiment.load.threads =
        options.threads.value_or(std::min(experiment.load.threads, options.connections));
    experiment.load.duration = TRY(lab::parse_duration(options.duration));
    experiment.load.warmup = TRY(lab::parse_duration(options.warmup));
    return experiment;
}

Result<fs::path, Error> own_path() {
    std::error_code error;
    fs::path path = fs::read_symlink("/proc/self/exe", error);
    if (error) {
        return fail(Error::from_errno(error.value(), "finding the wasmax program"));
    }
    return path;
}

/// `bench-results/2025-01-31T12-00-00`, in the current directory.
fs::path default_output() {
    return fs::path("bench-results") /
           fmt::format("{:%Y-%m-%dT%H-%M-%S}", fmt::localtime(std::time(nullptr)));
}

/// Facts that only tools know. wrk exits with 1 when it prints its version.
std::vector<lab::ToolFact> tool_facts(const fs::path& wasmax, const fs::path& wrk) {
    return {{.name = "wasmax", .command = {wasmax, "--version"}},
            {.name = "wrk", .command = {wrk, "-v"}, .success = lab::ToolFact::Success::any},
            {.name = "cc", .command = {"cc", "--version"}},
            {.name = "commit",
             .command = {"git", "--no-optional-locks", "-C", wasmax.parent_path(), "describe",
                         "--always", "--dirty"}}};
}

/// Runs the experiment of `options` into `directory`, which exists.
lab::Attempt<lab::Session> run_bench(const BenchOptions& options, const fs::path& directory,
                                     lab::Interrupt& interrupt, lab::Progress& progress) {
    const fs::path wasmax = TRY(own_path());
    const auto wrk = lab::find_program("wrk");
    if (!wrk) {
        return fail(Error::invalid(
            "wrk, which makes the load, is not installed; `apt-get install wrk` installs it"));
    }
    lab::Experiment experiment = TRY(experiment_of(options));
    // A build tree has bin/wasmax and guests/ side by side.
    const fs::path guests = options.guests.empty() ? wasmax.parent_path().parent_path() / "guests"
                                                   : fs::path(options.guests);
    experiment.contenders = TRY(lab::founding_contenders(
        options.contenders, {.wasmax = wasmax, .guests = guests, .output_directory = directory},
        interrupt, progress));
    const lab::CpuList cpus = TRY(lab::allowed_cpus());
    const lab::Equipment equipment{
        .wrk = *wrk,
        .log_directory = directory / "logs",
        .placement = lab::place(cpus, !options.no_pin),
        .machine = TRY(lab::fingerprint(tool_facts(wasmax, *wrk), interrupt))};
    return TRY(lab::run_session(experiment, equipment, directory, interrupt, progress));
}

/// Says why it stopped, if it did, and returns the exit code.
int conclude(const std::optional<lab::Stop>& stop) {
    if (!stop) {
        return 0;
    }
    if (!stop->error) {
        report("interrupted");
        return 128 + stop->signal;
    }
    report(stop->error->message);
    return kExitFailure;
}

int bench(const BenchOptions& options) {
    auto interrupt = lab::Interrupt::create();
    if (!interrupt) {
        report(interrupt.error().message);
        return kExitFailure;
    }
    lab::Progress progress(stderr);
    const fs::path directory = options.output.empty() ? default_output() : fs::path(options.output);
    if (const auto created = lab::create_output_directory(directory); !created) {
        report(created.error().message);
        return kExitFailure;
    }
    const auto session = run_bench(options, directory, *interrupt, progress);
    lab::remove_if_empty(directory);
    if (!session) {
        return conclude(session.error());
    }
    if (const auto& summary = session->summary) {
        if (options.json) {
            fmt::print("{}", lab::report::to_json(*summary, directory));
        } else {
            fmt::print(
                "{}\nThe results are in {}: samples.jsonl, chart.svg, results.xlsx, summary.md\n",
                lab::report::to_text(*summary), directory.string());
        }
        std::fflush(stdout);
    }
    return conclude(session->stop);
}

std::string check_duration(const std::string& text) {
    const auto duration = lab::parse_duration(text);
    return duration ? std::string() : duration.error().message;
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand(
        "bench", "Measure a WASIX server in wasmax against its native twin, with wrk");
    const auto options = std::make_shared<BenchOptions>();
    command->add_option("--runs", options->runs, "Measurements of each contender")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--duration", options->duration, "Length of a measurement, as 10s or 2m")
        ->check(check_duration)
        ->capture_default_str();
    command->add_option("--warmup", options->warmup, "Load before each measurement; 0s: none")
        ->check(check_duration)
        ->capture_default_str();
    command->add_option("--connections", options->connections, "Connections that wrk keeps open")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    command->add_option("--threads", options->threads,
                        "Threads of wrk, at most its connections (default: 12)");
    command->add_option("--contenders", options->contenders, "What to measure: wasm, native")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--output", options->output,
                        "Directory for the results (default: bench-results/TIME)");
    command->add_option("--guests", options->guests,
                        "Directory with server_close.wat and .c (default: beside the build)");
    command->add_flag("--no-pin", options->no_pin,
                      "Let server and wrk share all CPUs; else the server has one of its own");
    command->add_flag("--json", options->json, "Print the result as JSON");
    command->footer(kFooter);
    command->callback([options, &exit_code] { exit_code = bench(*options); });
}

}  // namespace wasmax::cli
