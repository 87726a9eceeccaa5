#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "chart/axis.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/metrics.h"
#include "lab/report/report.h"
#include "lab/stats.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

constexpr std::string_view kAbsent = "-";

std::string number(std::optional<double> value, int decimals) {
    return value ? chart::format_number(*value, decimals) : std::string(kAbsent);
}

// `0.987 [0.981, 0.994]`
std::string ratio_text(const std::optional<Ratio>& ratio) {
    if (!ratio) {
        return std::string(kAbsent);
    }
    if (!ratio->interval) {
        return fmt::format("{:.3f}", ratio->value);
    }
    return fmt::format("{:.3f} [{:.3f}, {:.3f}]", ratio->value, ratio->interval->low,
                       ratio->interval->high);
}

// The intervals' confidence is that of the experiment's number of runs: the same in all rows,
// unless the experiment was interrupted, in which case the least counts.
std::optional<double> confidence_of(const Summary& summary) {
    std::optional<double> least;
    for (const SummaryRow& row : summary.rows) {
        if (row.cpu_ratio && row.cpu_ratio->interval) {
            const double confidence = row.cpu_ratio->interval->confidence;
            least = std::min(least.value_or(confidence), confidence);
        }
    }
    return least;
}

// Columns that line up; a byte that continues a UTF-8 character takes no place.
std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Table result_table(const Summary& summary) {
    const std::string& baseline = summary.conditions.baseline;
    Table table{.header = {"contender", "runs", "requests/s", "to " + baseline, "CPU µs/request",
                           "to " + baseline, "switches/request", "errors", "saturated"},
                .rows = {}};
    for (const SummaryRow& row : summary.rows) {
        table.rows.push_back({
            row.contender,
            row.runs < summary.conditions.planned_runs
                ? fmt::format("{} of {}", row.runs, summary.conditions.planned_runs)
                : fmt::format("{}", row.runs),
            number(row.median_of(Metric::requests_per_second), 0),
            ratio_text(row.throughput_ratio),
            number(row.median_of(Metric::cpu_us_per_request), 2),
            ratio_text(row.cpu_ratio),
            number(row.median_of(Metric::context_switches_per_request), 3),
            chart::format_number(static_cast<double>(row.errors), 0),
            std::string(to_string(row.bottleneck)),
        });
    }
    return table;
}

Table conditions_table(const Conditions& conditions) {
    const Load& load = conditions.load;
    Table table{
        .header = {"condition", "value"},
        .rows = {
            {"experiment", conditions.experiment},
            {"workload", conditions.workload},
            {"load", fmt::format("wrk -t{} -c{} -d{}s, after {} s of warm-up", load.threads,
                                 load.connections, load.duration.count(), load.warmup.count())},
            {"runs",
             fmt::format("{} of each contender, interleaved (ABBA)", conditions.planned_runs)},
            {"placement",
             conditions.placement.pinned
                 ? fmt::format("server on CPU {}, wrk on CPU {}",
                               to_string(conditions.placement.server),
                               to_string(conditions.placement.generator))
                 : fmt::format("not pinned, CPU {}", to_string(conditions.placement.server))},
        }};
    for (const auto& [name, value] : conditions.machine) {
        table.rows.push_back({name, value});
    }
    return table;
}

std::string to_text(const Table& table) {
    std::vector<std::size_t> widths(table.header.size());
    const auto widen = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(cells[i]));
        }
    };
    widen(table.header);
    std::ranges::for_each(table.rows, widen);
    std::string text;
    const auto add = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string padding(widths[i] - display_width(cells[i]), ' ');
            line += i == 0 ? cells[i] + padding : "  " + padding + cells[i];
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    add(table.header);
    std::ranges::for_each(table.rows, add);
    return text;
}

std::string to_text(const Summary& summary) {
    const Conditions& conditions = summary.conditions;
    std::string text =
        fmt::format("{}, workload {}: wrk -t{} -c{} -d{}s, medians\n", conditions.experiment,
                    conditions.workload, conditions.load.threads, conditions.load.connections,
                    conditions.load.duration.count());
    text += conditions.placement.pinned ? fmt::format("server pinned to CPU {}, wrk to CPU {}\n\n",
                                                      to_string(conditions.placement.server),
                                                      to_string(conditions.placement.generator))
                                        : "server and wrk not pinned\n\n";
    text += to_text(result_table(summary));
    if (const auto confidence = confidence_of(summary)) {
        text += fmt::format("\nIn brackets: {:.0f} % intervals (bootstrap over pairs of runs).\n",
                            *confidence * 100);
    }
    for (const std::string& note : summary.notes) {
        text += note + '\n';
    }
    return text;
}

std::string to_markdown(const Summary& summary) {
    std::string text;
    const auto add_table = [&](const Table& table) {
        const auto add = [&](const std::vector<std::string>& cells) {
            for (const std::string& cell : cells) {
                std::string escaped;
                for (const char c : cell) {
                    escaped += c == '|' ? "\\|" : std::string(1, c);
                }
                text += "| " + escaped + " ";
            }
            text += "|\n";
        };
        add(table.header);
        for (std::size_t i = 0; i < table.header.size(); ++i) {
            text += i == 0 ? "|---" : "|--:";
        }
        text += "|\n";
        std::ranges::for_each(table.rows, add);
    };
    text += fmt::format("# {}, workload {}{}\n\n", summary.conditions.experiment,
                        summary.conditions.workload, summary.partial ? " (partial)" : "");
    text += "![chart](chart.svg)\n\n";
    add_table(result_table(summary));
    text += "\nMedians over the runs.";
    if (const auto confidence = confidence_of(summary)) {
        text +=
            fmt::format(" In brackets: {:.0f} % intervals, by the bootstrap over pairs of runs.",
                        *confidence * 100);
    }
    text += "\n";
    for (const std::string& note : summary.notes) {
        text += "\n" + note + "\n";
    }
    text += "\n## Conditions\n\n";
    add_table(conditions_table(summary.conditions));
    return text;
}

}  // namespace wasmax::lab::report
