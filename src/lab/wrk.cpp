#include "lab/wrk.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"

namespace wasmax::lab {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};
constexpr Unit kTimeUnits[]{{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}};
constexpr Unit kNoUnit[]{{"", 1}};

// A number with one of `units` directly behind it. wrk prints `-nan` and `nan` for a deviation of
// nothing.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units) {
    for (const std::string_view prefix : {"-nan", "nan"}) {
        if (text.starts_with(prefix)) {
            return std::nan("");
        }
    }
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    for (const Unit& unit : units) {
        if (text == unit.name) {
            return number * unit.factor;
        }
    }
    return std::nullopt;
}

std::vector<std::string_view> split_words(std::string_view line) {
    constexpr std::string_view kSeparators = " \t\r,";
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t start = line.find_first_not_of(kSeparators);
        if (start == std::string_view::npos) {
            return words;
        }
        line.remove_prefix(start);
        const std::size_t end = std::min(line.find_first_of(kSeparators), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

// One value of the output: the word at `word` of the line that begins with `line`, its words joined
// by one space. `Latency` begins two lines; the second word tells them apart.
struct Field {
    std::string_view line;
    std::size_t word;
    double WrkResult::* value;
    std::span<const Unit> units;
};
constexpr Field kFields[]{
    {"Latency", 1, &WrkResult::latency_mean_us, kTimeUnits},
    {"Latency", 2, &WrkResult::latency_stdev_us, kTimeUnits},
    {"Latency", 3, &WrkResult::latency_max_us, kTimeUnits},
    {"50%", 1, &WrkResult::latency_p50_us, kTimeUnits},
    {"75%", 1, &WrkResult::latency_p75_us, kTimeUnits},
    {"90%", 1, &WrkResult::latency_p90_us, kTimeUnits},
    {"99%", 1, &WrkResult::latency_p99_us, kTimeUnits},
    {"Requests/sec:", 1, &WrkResult::requests_per_second, kNoUnit},
};

struct Counter {
    std::string_view line;  // the first word of its line
    std::size_t word;
    std::uint64_t WrkResult::* value;
};
// Lines that wrk prints only when something went wrong.
constexpr Counter kErrorCounters[]{
    {"Socket", 3, &WrkResult::connect_errors}, {"Socket", 5, &WrkResult::read_errors},
    {"Socket", 7, &WrkResult::write_errors},   {"Socket", 9, &WrkResult::timeouts},
    {"Non-2xx", 4, &WrkResult::status_errors},
};

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool complete = parsed.ptr == text.data() + text.size();
    return parsed.ec == std::errc() && complete ? std::optional(count) : std::nullopt;
}

using Lines = std::vector<std::vector<std::string_view>>;

Lines split(std::string_view output) {
    Lines lines;
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        lines.push_back(split_words(output.substr(0, end)));
        output.remove_prefix(std::min(end + 1, output.size()));
    }
    return lines;
}

// The line whose first word is `first` and that has at least `words` words.
const std::vector<std::string_view>* find_line(const Lines& lines, std::string_view first,
                                               std::size_t words) {
    for (const auto& line : lines) {
        if (line.size() >= words && line[0] == first && line[1] != "Distribution") {
            return &line;
        }
    }
    return nullptr;
}

Error unreadable(std::string_view what) {
    return Error::internal(fmt::format("the generator's output has no readable '{}'", what));
}

// `22464 requests in 30.00s, 17.76MB read`
Result<void, Error> parse_totals(const Lines& lines, WrkResult& result) {
    for (const auto& line : lines) {
        if (line.size() < 4 || line[1] != "requests" || line[2] != "in") {
            continue;
        }
        const auto requests = parse_count(line[0]);
        const auto elapsed_us = parse_quantity(line[3], kTimeUnits);
        if (!requests || !elapsed_us || !std::isfinite(*elapsed_us)) {
            break;
        }
        result.requests = *requests;
        result.elapsed_s = *elapsed_us / 1e6;
        return {};
    }
    return fail(unreadable("N requests in T"));
}

}  // namespace

std::vector<std::string> load_command(const Generators& generators, const Workload& workload,
                                      const Load& load, std::chrono::seconds duration) {
    const std::string url = fmt::format("http://127.0.0.1:{}{}", workload.port, workload.path);
    if (load.generator == Generator::open) {
        std::vector<std::string> command = generators.open;
        command.insert(command.end(), {"--rate", fmt::format("{}", load.rate), "--connections",
                                       fmt::format("{}", load.connections), "--duration",
                                       fmt::format("{}s", duration.count()), url});
        return command;
    }
    std::vector<std::string> command{generators.wrk, fmt::format("-t{}", load.threads),
                                     fmt::format("-c{}", load.connections),
                                     fmt::format("-d{}s", duration.count()), "--latency"};
    if (load.pipeline > 1) {
        command.insert(command.end(), {"-s", generators.pipeline_script});
    }
    command.push_back(url);
    return command;
}

std::string pipeline_script(int count) {
    return fmt::format(
        "local requests\n"
        "init = function()\n"
        "  local one = {{}}\n"
        "  for i = 1, {} do one[i] = wrk.format() end\n"
        "  requests = table.concat(one)\n"
        "end\n"
        "request = function() return requests end\n",
        count);
}

Result<WrkResult, Error> parse_wrk(std::string_view output) {
    const Lines lines = split(output);
    WrkResult result;
    TRY(parse_totals(lines, result));
    for (const Field& field : kFields) {
        const auto* const line = find_line(lines, field.line, field.word + 1);
        const auto value =
            line == nullptr ? std::nullopt : parse_quantity((*line)[field.word], field.units);
        if (!value) {
            return fail(unreadable(field.line));
        }
        result.*field.value = *value;
    }
    for (const Counter& counter : kErrorCounters) {
        const auto* const line = find_line(lines, counter.line, 2);
        if (line == nullptr) {
            continue;
        }
        const auto value =
            line->size() > counter.word ? parse_count((*line)[counter.word]) : std::nullopt;
        if (!value) {
            return fail(unreadable(counter.line));
        }
        result.*counter.value = *value;
    }
    return result;
}

}  // namespace wasmax::lab
