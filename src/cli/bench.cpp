#include "cli/bench.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "cli/commands.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/experiment_file.h"
#include "lab/interrupt.h"
#include "lab/machine.h"
#include "lab/plan.h"
#include "lab/process.h"
#include "lab/progress.h"
#include "lab/report/report.h"
#include "lab/runner.h"
#include "lab/session.h"
#include "lab/stop.h"
#include "lab/wrk.h"

namespace wasmax::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter = R"(Examples:
  wasmax bench                                        the founding experiment, about 6 minutes
  wasmax bench --experiment keepalive                 HTTP/1.1 with connections that stay
  wasmax bench --contenders wasm,native --runs 6      two contenders, six runs of each
  wasmax bench --contenders native,native             twice the same: what differs is noise
  wasmax bench --experiment my.toml --output result   an experiment of your own, into ./result
  wasmax bench compare before after                   exit code 1 on a regression

Prints a table and writes samples.jsonl, report.html, charts, results.xlsx and summary.md into a new
directory. Ctrl-C stops the servers and reports what was measured until then. See docs/lab.md.)";

struct BenchOptions {
    std::string experiment = "founding";
    lab::Overrides overrides;
    std::string duration;
    std::string warmup;
    std::string output;
    std::string guests;
    std::string quota;
    int retries = 1;
    double disturbance = lab::Rules{}.other_cores;
    bool json = false;
    bool no_pin = false;
    bool list = false;
};

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
std::vector<lab::ToolFact> tool_facts(const fs::path& wasmax) {
    std::vector<lab::ToolFact> facts{
        {.name = "wasmax", .command = {wasmax, "--version"}},
        {.name = "wrk", .command = {"wrk", "-v"}, .success = lab::ToolFact::Success::any},
        {.name = "cc", .command = {"cc", "--version"}},
        {.name = "commit",
         .command = {"git", "--no-optional-locks", "-C", wasmax.parent_path(), "describe",
                     "--always", "--dirty"}}};
    for (const char* const name : {"node", "bun", "deno", "java"}) {
        if (lab::find_program(name)) {
            facts.push_back({.name = name, .command = {name, "--version"}});
        }
    }
    if (lab::find_program("nginx")) {
        facts.push_back({.name = "nginx", .command = {"nginx", "-v"}});
    }
    return facts;
}

/// A name stands for a file beside the build's binary, anything else is a path.
Result<fs::path, Error> experiment_path(const std::string& name, const fs::path& build) {
    const fs::path directory = build / "bench" / "experiments";
    std::error_code error;
    if (name.find('/') != std::string::npos || name.ends_with(".toml")) {
        return fs::path(name);
    }
    fs::path path = directory / (name + ".toml");
    if (fs::exists(path, error)) {
        return path;
    }
    std::vector<std::string> known;
    for (fs::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        if (lab::read_experiment(it->path())) {  // some are only there to be included
            known.push_back(it->path().stem().string());
        }
    }
    std::ranges::sort(known);
    const std::vector<std::string_view> views(known.begin(), known.end());
    const auto meant = nearest(name, views);
    return fail(Error::invalid(fmt::format(
        "there is no experiment '{}'{}; {}: {}. A path names a file of yours", name,
        meant ? fmt::format(" (did you mean {}?)", *meant) : "",
        known.empty() ? "none is installed in" : "known are",
        known.empty() ? directory.string() : fmt::format("{}", fmt::join(known, ", ")))));
}

/// Absolute, so that a program in the current directory is not searched in PATH.
lab::Places places_of(const BenchOptions& options, const fs::path& wasmax, const fs::path& build,
                      const fs::path& directory) {
    const fs::path guests =
        options.guests.empty() ? build / "guests" : fs::absolute(options.guests);
    return {{"wasmax", wasmax.string()},
            {"guests", guests.string()},
            // `./dev bench --full` puts there what is neither ours nor a package.
            {"contenders", (build.parent_path() / "contenders").string()},
            {"servers", (build / "bench" / "servers").string()},
            {"work", (fs::absolute(directory) / "programs").string()}};
}

/// What is to be run, planned into `directory`, which exists.
lab::Attempt<std::vector<lab::Experiment>> plan_of(const BenchOptions& options,
                                                   const fs::path& directory,
                                                   lab::Interrupt& interrupt,
                                                   lab::Progress& progress) {
    const fs::path wasmax = TRY(own_path());
    const fs::path build = wasmax.parent_path().parent_path();
    const fs::path path = TRY(experiment_path(options.experiment, build));
    const lab::ExperimentFile file = TRY(lab::read_experiment(path));
    lab::Overrides overrides = options.overrides;
    if (!options.duration.empty()) {
        overrides.duration = TRY(lab::parse_duration(options.duration));
    }
    if (!options.warmup.empty()) {
        overrides.warmup = TRY(lab::parse_duration(options.warmup));
    }
    const lab::Places places = places_of(options, wasmax, build, directory);
    std::error_code error;
    fs::create_directories(places.at("work"), error);
    if (error) {
        return fail(Error::from_errno(error.value(), "creating " + places.at("work")));
    }
    return lab::plan(file, overrides, places, interrupt, progress);
}

Result<int, Error> quota_of(const std::string& text) {
    if (text.empty()) {
        return 0;
    }
    int percent = 0;
    std::size_t used = 0;
    const std::string digits = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
    for (; used < digits.size() && used < 6 && digits[used] >= '0' && digits[used] <= '9'; ++used) {
        percent = percent * 10 + (digits[used] - '0');
    }
    if (used == 0 || used != digits.size() || percent < 1) {
        return fail(
            Error::invalid(fmt::format("'{}' is not a quota: write 50% for half a CPU", text)));
    }
    return percent;
}

/// Runs the experiment of `options` into `directory`, which exists.
lab::Attempt<lab::Session> run_bench(const BenchOptions& options, const fs::path& directory,
                                     lab::Interrupt& interrupt, lab::Progress& progress) {
    const fs::path wasmax = TRY(own_path());
    const int quota = TRY(quota_of(options.quota));
    const std::vector<lab::Experiment> experiments =
        TRY(plan_of(options, directory, interrupt, progress));
    const bool any = std::ranges::any_of(
        experiments, [](const auto& experiment) { return !experiment.contenders.empty(); });
    if (!any) {
        std::string reasons;
        for (const lab::Experiment& experiment : experiments) {
            for (const lab::Absence& absence : experiment.absences) {
                reasons += fmt::format("\n  {}: {}", absence.contender, absence.reason);
            }
        }
        return fail(Error::invalid("there is no contender to measure" + reasons));
    }
    const bool needs_wrk = std::ranges::any_of(experiments, [](const auto& experiment) {
        return experiment.load.generator == lab::Generator::wrk;
    });
    const auto wrk = lab::find_program("wrk");
    if (needs_wrk && !wrk) {
        return fail(Error::invalid(
            "wrk, which makes the load, is not installed; `apt-get install wrk` installs it"));
    }
    const lab::CpuList cpus = TRY(lab::allowed_cpus());
    const lab::Equipment equipment{
        .generators = {.wrk = wrk ? wrk->string() : std::string(),
                       .pipeline_script = (fs::absolute(directory) / "programs/pipeline.lua"),
                       .open = {wasmax, "bench", "load"}},
        .log_directory = directory / "logs",
        .placement = lab::place(cpus, !options.no_pin),
        .quota_percent = quota,
        .machine = TRY(lab::fingerprint(tool_facts(wasmax), interrupt)),
        .rules = {.other_cores = options.disturbance},
        .retries = options.retries};
    return TRY(lab::run_session(experiments, equipment, directory, interrupt, progress));
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

int conclude(const lab::Session& session, const BenchOptions& options, const fs::path& directory) {
    if (!session.summaries.empty()) {
        print_summaries(session.summaries, directory, options.json);
    }
    for (const lab::Absence& failure : session.failures) {
        report(failure.contender + ": " + failure.reason);
    }
    const int code = conclude(session.stop);
    return code == 0 && !session.failures.empty() ? kExitFailure : code;
}

/// Which contenders the experiment has, and why some are absent.
int list(const BenchOptions& options, const fs::path& directory, lab::Interrupt& interrupt,
         lab::Progress& progress) {
    const auto experiments = plan_of(options, directory, interrupt, progress);
    if (!experiments) {
        return conclude(experiments.error());
    }
    for (const lab::Experiment& experiment : *experiments) {
        fmt::print("workload {}: {}\n", experiment.workload.name, lab::describe(experiment.load));
        for (const lab::Contender& contender : experiment.contenders) {
            fmt::print("  present  {}: {}\n", contender.name, fmt::join(contender.command, " "));
        }
        for (const lab::Absence& absence : experiment.absences) {
            fmt::print("  absent   {}: {}\n", absence.contender, absence.reason);
        }
        for (const lab::Estimate& estimate : experiment.estimates) {
            fmt::print("  estimate {}: {:.3f} of {}; {}\n", estimate.contender, estimate.ratio,
                       estimate.of, estimate.source);
        }
    }
    return 0;
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
    const auto cleaned = [&](int code) {
        std::error_code ignored;  // what stays does no harm
        fs::remove_all(directory / "programs", ignored);
        lab::remove_if_empty(directory);
        return code;
    };
    if (options.list) {
        return cleaned(list(options, directory, *interrupt, progress));
    }
    const auto session = run_bench(options, directory, *interrupt, progress);
    return cleaned(session ? conclude(*session, options, directory) : conclude(session.error()));
}

std::string check_duration(const std::string& text) {
    const auto duration = lab::parse_duration(text);
    return duration ? std::string() : duration.error().message;
}

void add_load_options(CLI::App& command, BenchOptions& options) {
    lab::Overrides& overrides = options.overrides;
    command.add_option("--runs", overrides.runs, "Measurements of each contender")
        ->check(CLI::Range(1, 1000));
    command.add_option("--duration", options.duration, "Length of a measurement, as 10s or 2m")
        ->check(check_duration);
    command.add_option("--warmup", options.warmup, "Load before each measurement; 0s: none")
        ->check(check_duration);
    command.add_option("--connections", overrides.connections, "Connections to keep open")
        ->check(CLI::Range(1, 10000));
    command.add_option("--threads", overrides.threads, "Threads of wrk, at most its connections");
    command.add_option("--rate", overrides.rate, "Requests per second, of an open loop")
        ->check(CLI::Range(1, 10'000'000));
    command.add_option("--quota", options.quota,
                       "Part of a CPU that the server may use, as 50%, by a control group");
}

}  // namespace

void print_summaries(const std::vector<lab::Summary>& summaries, const fs::path& directory,
                     bool json) {
    if (json) {
        fmt::print("{}", lab::report::to_json(summaries, directory));
    } else {
        fmt::print(
            "{}\nThe results are in {}: report.html, charts, results.xlsx, summary.md, "
            "samples.jsonl\n",
            lab::report::to_text(summaries), directory.string());
    }
    std::fflush(stdout);
}

void add_bench(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand(
        "bench", "Measure servers in wasmax, native and elsewhere, under the same load");
    const auto options = std::make_shared<BenchOptions>();
    command
        ->add_option("--experiment", options->experiment,
                     "What to run: founding, keepalive, ..., or a file")
        ->capture_default_str();
    command->add_option("--contenders", options->overrides.contenders, "Only these, in this order")
        ->delimiter(',');
    command->add_option("--baseline", options->overrides.baseline,
                        "The contender that the others are compared with");
    command->add_option("--workloads", options->overrides.workloads, "Only these")->delimiter(',');
    add_load_options(*command, *options);
    command->add_option("--output", options->output,
                        "Directory for the results (default: bench-results/TIME)");
    command->add_option("--guests", options->guests,
                        "Directory with the guest programs (default: beside the build)");
    command->add_option("--retries", options->retries, "Repetitions of a run that is void")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    command
        ->add_option("--disturbance", options->disturbance,
                     "CPUs that other programs may use before a run is void")
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str();
    command->add_flag(
        "--no-pin", options->no_pin,
        "Let server and generator share all CPUs; else the server has one of its own");
    command->add_flag("--json", options->json, "Print the result as JSON");
    command->add_flag("--list", options->list, "Say who would be measured, and who is absent");
    command->footer(kFooter);
    add_bench_report(*command, exit_code);
    add_bench_compare(*command, exit_code);
    add_bench_load(*command, exit_code);
    command->callback([command, options, &exit_code] {
        if (command->get_subcommands().empty()) {
            exit_code = bench(*options);
        }
    });
}

}  // namespace wasmax::cli
