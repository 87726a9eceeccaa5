#include "lab/experiment.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <set>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

namespace {

constexpr int kMaxConnections = 10'000;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
constexpr int kMaxRuns = 1'000;
constexpr int kMaxPipeline = 1'000;
constexpr int kMaxRate = 10'000'000;
constexpr std::chrono::seconds kMaxDuration = std::chrono::hours(24);

Result<void, Error> check_range(std::string_view what, long value, long low, long high) {
    if (value < low || value > high) {
        return fail(Error::invalid(
            fmt::format("{} must be between {} and {}, not {}", what, low, high, value)));
    }
    return {};
}

}  // namespace

std::string_view to_string(Generator generator) {
    return generator == Generator::wrk ? "wrk" : "open";
}

std::string describe(const Load& load) {
    if (load.generator == Generator::open) {
        return fmt::format("open loop, {} requests/s, {} connections, {} s", load.rate,
                           load.connections, load.duration.count());
    }
    return fmt::format(
        "wrk -t{} -c{} -d{}s{}", load.threads, load.connections, load.duration.count(),
        load.pipeline > 1 ? fmt::format(", {} requests at once", load.pipeline) : "");
}

Result<void, Error> validate(const Experiment& experiment) {
    const Load& load = experiment.load;
    TRY(check_range("the number of runs", experiment.runs, 1, kMaxRuns));
    TRY(check_range("the number of connections", load.connections, 1, kMaxConnections));
    TRY(check_range("the number of threads", load.threads, 1, load.connections));
    TRY(check_range("the duration in seconds", load.duration.count(), 1, kMaxDuration.count()));
    TRY(check_range("the warm-up in seconds", load.warmup.count(), 0, kMaxDuration.count()));
    TRY(check_range("the number of requests at once", load.pipeline, 1, kMaxPipeline));
    if (load.generator == Generator::open) {
        TRY(check_range("the rate of requests per second", load.rate, 1, kMaxRate));
    }
    // They become names of files and of a spreadsheet's sheets.
    constexpr std::size_t kMaxWorkloadName = 31;
    const std::string& workload = experiment.workload.name;
    if (workload.empty() || workload.size() > kMaxWorkloadName || workload.starts_with('.') ||
        workload.find_first_not_of(kNameCharacters) != std::string::npos) {
        return fail(Error::invalid(fmt::format(
            "'{}' cannot name a workload: use at most 31 letters, digits, '-', '_', '.'",
            workload)));
    }
    std::set<std::string> names;
    for (const Contender& contender : experiment.contenders) {
        // Names become file names of logs, and words in tables.
        if (contender.name.empty() || contender.name.starts_with('.') ||
            contender.name.find_first_not_of(kNameCharacters) != std::string::npos) {
            return fail(Error::invalid(
                fmt::format("'{}' cannot name a contender: use letters, digits, '-', '_', '.'",
                            contender.name)));
        }
        if (contender.command.empty()) {
            return fail(
                Error::invalid(fmt::format("the contender '{}' has no command", contender.name)));
        }
        if (!names.insert(contender.name).second) {
            return fail(
                Error::invalid(fmt::format("two contenders are called '{}'", contender.name)));
        }
    }
    return {};
}

std::chrono::seconds planned_time(const Experiment& experiment) {
    constexpr std::chrono::seconds kStartAndStop{1};
    const auto turns = static_cast<long>(experiment.contenders.size()) * experiment.runs;
    return turns * (experiment.load.warmup + experiment.load.duration + kStartAndStop);
}

Result<std::chrono::seconds, Error> parse_duration(const std::string& text) {
    long count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    const std::string_view unit(rest, end);
    const long unit_seconds = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : 0;
    if (error != std::errc() || unit_seconds == 0 || count < 0 ||
        count > kMaxDuration.count() / unit_seconds) {
        return fail(Error::invalid(
            fmt::format("'{}' is not a duration: write 10s or 2m, at most 24 hours", text)));
    }
    return std::chrono::seconds(count * unit_seconds);
}

std::vector<std::size_t> schedule(std::size_t contenders, int runs) {
    std::vector<std::size_t> order;
    for (int run = 0; run < runs; ++run) {
        for (std::size_t i = 0; i < contenders; ++i) {
            order.push_back(run % 2 == 0 ? i : contenders - 1 - i);
        }
    }
    return order;
}

}  // namespace wasmax::lab
