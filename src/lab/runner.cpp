#include "lab/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/listening.h"
#include "lab/metrics.h"
#include "lab/probe.h"
#include "lab/process.h"
#include "lab/process_tree.h"
#include "lab/progress.h"
#include "lab/quota.h"
#include "lab/stop.h"
#include "lab/validity.h"
#include "lab/wrk.h"

namespace wasmax::lab {

namespace {

constexpr std::chrono::milliseconds kReadyPollInterval{1};
constexpr std::chrono::seconds kGeneratorAllowance{30};  // beyond its duration
constexpr off_t kLogTailBytes = 600;

// What every step needs, borrowed for one experiment.
struct Context {
    const Experiment& experiment;
    const Equipment& equipment;
    Interrupt& interrupt;
    Progress& progress;
    const Listener& listener;
    const Quota* quota;  // nullptr: none
};

// One contender while it runs.
class Server {
public:
    // Errors: invalid when the program cannot be executed; host.
    static Result<Server, Error> start(const Contender& contender, const Context& context) {
        const Equipment& equipment = context.equipment;
        const auto log_path = equipment.log_directory / (contender.name + ".log");
        UniqueFd log(
            open(log_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
        if (!log) {
            return fail(Error::from_errno(errno, fmt::format("creating {}", log_path.string())));
        }
        const auto started = Clock::now();
        auto child =
            Child::start({.command = contender.command,
                          .cpus = equipment.placement.server,
                          .cgroup_fd = context.quota == nullptr ? -1 : context.quota->procs_fd(),
                          .output_fd = log.get()});
        if (!child) {
            return fail(Error::invalid(child.error().message));
        }
        return Server(std::move(*child), std::move(log), started);
    }

    // Returns once it has answered correctly, with the time that took.
    Attempt<double> wait_until_ready(const Context& context) {
        const Workload& workload = context.experiment.workload;
        const Equipment& equipment = context.equipment;
        for (const auto deadline = started_ + equipment.start_limit;;) {
            if (child_.has_ended()) {
                return fail(ended(fmt::format("before it answered on port {}", workload.port)));
            }
            const ProbeResult result =
                TRY(probe(workload, equipment.answer_limit, context.interrupt));
            if (std::holds_alternative<Correct>(result)) {
                return std::chrono::duration<double, std::milli>(Clock::now() - started_).count();
            }
            if (const auto* const wrong = std::get_if<Wrong>(&result)) {
                return fail(Error::invalid(
                    fmt::format("it {} on port {}{}", wrong->why, workload.port, log_tail())));
            }
            if (Clock::now() >= deadline) {
                return fail(Error::invalid(fmt::format(
                    "it does not listen on port {} {} s after its start{}{}", workload.port,
                    equipment.start_limit.count() / 1000, other_ports(), log_tail())));
            }
            pollfd ended[] = {{.fd = child_.pidfd(), .events = POLLIN, .revents = 0}};
            TRY(context.interrupt.wait(ended, Clock::now() + kReadyPollInterval));
        }
    }

    // Stops it and says that it ended by itself.
    Error ended(std::string_view when) {
        const ExitStatus exit = child_.stop(std::chrono::milliseconds(0));
        return Error::invalid(
            fmt::format("it ended {} with {}{}", when, exit.describe(), log_tail()));
    }

    [[nodiscard]] const Child& child() const { return child_; }
    // Returns what its end says about it, as sentences; usually none.
    std::string stop(std::chrono::milliseconds grace) {
        const ExitStatus exit = child_.stop(grace);
        std::string remarks;
        if (exit.killed) {
            remarks += fmt::format("  it was still running {} s after SIGINT, and was killed\n",
                                   static_cast<double>(grace.count()) / 1000);
        }
        if (exit.leaked > 0) {
            remarks += fmt::format("  it left {} other process{} running, killed too\n",
                                   exit.leaked, exit.leaked == 1 ? "" : "es");
        }
        return remarks;
    }

private:
    Server(Child child, UniqueFd log, Clock::time_point started)
        : child_(std::move(child)), log_(std::move(log)), started_(started) {}

    // Where it listens instead, as a part of a sentence.
    [[nodiscard]] std::string other_ports() const {
        const auto ports = listening_ports(process_tree(child_.pid(), child_.mark()));
        return ports.empty() ? std::string() : fmt::format(", but on {}", fmt::join(ports, ", "));
    }

    // The end of its output as the end of a sentence.
    [[nodiscard]] std::string log_tail() const {
        const off_t bytes = lseek(log_.get(), 0, SEEK_END);
        std::string tail(static_cast<std::size_t>(std::clamp<off_t>(bytes, 0, kLogTailBytes)),
                         '\0');
        const ssize_t got =
            pread(log_.get(), tail.data(), tail.size(), std::max<off_t>(bytes - kLogTailBytes, 0));
        tail.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        const std::size_t last = tail.find_last_not_of(" \n");
        if (last == std::string::npos) {
            return "; it printed nothing";
        }
        return "; its last output: " + tail.substr(0, last + 1);
    }

    Child child_;
    UniqueFd log_;
    Clock::time_point started_;
};

struct LoadRun {
    WrkResult wrk = {};
    Usage before;
    Usage after = {};
    double generator_cpu_seconds = 0;
    double machine_cpu_seconds = 0;
    double elapsed_s = 0;
};

struct Phase {
    std::string_view what;
    std::chrono::seconds duration;
};

// Loads the server for the phase's duration and reads its usage on both sides.
Attempt<LoadRun> load_server(Server& server, const Phase& phase, const Context& context) {
    const Experiment& experiment = context.experiment;
    const Equipment& equipment = context.equipment;
    const auto usage_now = [&] {
        return usage_of(process_tree(server.child().pid(), server.child().mark()));
    };
    LoadRun run{.before = usage_now()};
    const double machine_before = machine_cpu_seconds();
    const auto started = Clock::now();
    const Output output = TRY(capture(
        {.launch = {.command = load_command(equipment.generators, experiment.workload,
                                            experiment.load, phase.duration),
                    .cpus = equipment.placement.generator},
         .limit = phase.duration + kGeneratorAllowance,
         .stop_fd = server.child().pidfd(),
         .on_second =
             [&](std::chrono::seconds taken) {
                 const auto left = phase.duration - taken;
                 context.progress.countdown(phase.what, std::max(left, std::chrono::seconds(0)));
             }},
        context.interrupt));
    run.elapsed_s = std::chrono::duration<double>(Clock::now() - started).count();
    run.machine_cpu_seconds = machine_cpu_seconds() - machine_before;
    run.after = usage_now();
    if (server.child().has_ended()) {
        return fail(server.ended("under load"));
    }
    if (!output.exit.success()) {
        return fail(Error::internal(
            fmt::format("{} ended with {}: {}",
                        experiment.load.generator == Generator::wrk ? "wrk" : "the generator",
                        output.exit.describe(), output.text)));
    }
    run.wrk = TRY(parse_wrk(output.text));
    run.generator_cpu_seconds = output.exit.cpu_seconds;
    return run;
}

// CPUs kept busy by neither side. The kernel's two ways of counting differ by some ticks: never
// negative.
double other_cores(const LoadRun& run) {
    const double ours = run.after.cpu_seconds - run.before.cpu_seconds + run.generator_cpu_seconds;
    return std::max(0.0, run.machine_cpu_seconds - ours) / run.elapsed_s;
}

Values values_of(const LoadRun& run, double start_ms) {
    const WrkResult& wrk = run.wrk;
    // Without an answer there is no cost of an answer: the quotients are infinite and left out.
    const auto requests = static_cast<double>(wrk.requests);
    const auto us_per_request = [&](double Usage::* seconds) {
        return (run.after.*seconds - run.before.*seconds) * 1e6 / requests;
    };
    Values values{
        {Metric::requests_per_second, wrk.requests_per_second},
        {Metric::requests, requests},
        {Metric::cpu_us_per_request, us_per_request(&Usage::cpu_seconds)},
        {Metric::user_us_per_request, us_per_request(&Usage::user_seconds)},
        {Metric::system_us_per_request, us_per_request(&Usage::system_seconds)},
        {Metric::context_switches_per_request, (static_cast<double>(run.after.context_switches) -
                                                static_cast<double>(run.before.context_switches)) /
                                                   requests},
        {Metric::server_cores, (run.after.cpu_seconds - run.before.cpu_seconds) / run.elapsed_s},
        {Metric::generator_cores, run.generator_cpu_seconds / run.elapsed_s},
        {Metric::other_cores, other_cores(run)},
        {Metric::latency_mean_us, wrk.latency_mean_us},
        {Metric::latency_stdev_us, wrk.latency_stdev_us},
        {Metric::latency_p50_us, wrk.latency_p50_us},
        {Metric::latency_p75_us, wrk.latency_p75_us},
        {Metric::latency_p90_us, wrk.latency_p90_us},
        {Metric::latency_p99_us, wrk.latency_p99_us},
        {Metric::latency_max_us, wrk.latency_max_us},
        {Metric::connect_errors, static_cast<double>(wrk.connect_errors)},
        {Metric::read_errors, static_cast<double>(wrk.read_errors)},
        {Metric::write_errors, static_cast<double>(wrk.write_errors)},
        {Metric::timeout_errors, static_cast<double>(wrk.timeouts)},
        {Metric::status_errors, static_cast<double>(wrk.status_errors)},
        {Metric::start_ms, start_ms},
        {Metric::peak_resident_bytes, static_cast<double>(run.after.peak_resident_bytes)},
    };
    std::erase_if(values, [](const auto& value) { return !std::isfinite(value.second); });
    return values;
}

Attempt<Values> measure(const Contender& contender, const Context& context) {
    const Experiment& experiment = context.experiment;
    const Equipment& equipment = context.equipment;
    Server server = TRY(Server::start(contender, context));
    const double start_ms = TRY(server.wait_until_ready(context));
    if (experiment.load.warmup.count() > 0) {
        const Phase warming_up{.what = "warming up", .duration = experiment.load.warmup};
        static_cast<void>(TRY(load_server(server, warming_up, context)));
    }
    const Phase measuring{.what = "measuring", .duration = experiment.load.duration};
    const LoadRun run = TRY(load_server(server, measuring, context));
    if (const std::string remarks = server.stop(equipment.stop_grace); !remarks.empty()) {
        context.progress.step(remarks.substr(0, remarks.size() - 1));
    }
    return values_of(run, start_ms);
}

// Runs one place of the schedule, again while the run is void. False: the contender has failed.
Attempt<bool> take_turn(std::size_t index, int iteration, const Context& context) {
    const Experiment& experiment = context.experiment;
    const Contender& contender = experiment.contenders[index];
    for (int attempt = 0; attempt <= context.equipment.retries; ++attempt) {
        context.progress.step(fmt::format("{}, run {} of {}{}{}: {}", contender.name, iteration + 1,
                                          experiment.runs, attempt > 0 ? " once more" : "",
                                          attempt > 0 ? std::string() : context.progress.left(),
                                          fmt::join(contender.command, " ")));
        TRY(require_free_port(experiment.workload.port));
        auto values = measure(contender, context);
        if (!values) {
            Stop stop = std::move(values).error();
            if (!stop.error || stop.error->kind == Error::Kind::host) {
                return fail(std::move(stop));
            }
            const Absence absence{.contender = contender.name,
                                  .reason = stop.error->message,
                                  .why = Absence::Why::failed};
            context.progress.step(fmt::format("  failed: {}", absence.reason));
            TRY(context.listener.failed(absence));
            return false;
        }
        Measurement measurement{
            .contender = index, .iteration = iteration, .values = std::move(*values)};
        measurement.void_reason = void_reason(measurement.values, experiment.load,
                                              context.equipment.placement, context.equipment.rules);
        context.progress.step(fmt::format(
            "  {:.0f} requests/s, {:.2f} us of CPU per request{}",
            value_of(measurement.values, Metric::requests_per_second),
            value_of(measurement.values, Metric::cpu_us_per_request),
            measurement.void_reason.empty() ? std::string()
                                            : fmt::format("; void: {}", measurement.void_reason)));
        TRY(context.listener.measured(measurement));
        if (measurement.void_reason.empty()) {
            break;
        }
    }
    return true;
}

}  // namespace

Attempt<void> run_experiment(const Experiment& experiment, const Equipment& equipment,
                             Interrupt& interrupt, Progress& progress, const Listener& listener) {
    std::optional<Quota> quota;
    if (equipment.quota_percent > 0) {
        quota.emplace(TRY(Quota::create(equipment.quota_percent)));
    }
    const Context context{.experiment = experiment,
                          .equipment = equipment,
                          .interrupt = interrupt,
                          .progress = progress,
                          .listener = listener,
                          .quota = quota ? &*quota : nullptr};
    std::vector<int> iterations(experiment.contenders.size(), 0);
    std::vector<bool> has_failed(experiment.contenders.size(), false);
    const auto order = schedule(experiment.contenders.size(), experiment.runs);
    for (const std::size_t index : order) {
        if (!has_failed[index]) {
            has_failed[index] = !TRY(take_turn(index, iterations[index]++, context));
        }
        progress.done(planned_time(experiment) / static_cast<long>(order.size()));
    }
    return {};
}

}  // namespace wasmax::lab
