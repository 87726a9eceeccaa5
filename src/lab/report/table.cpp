#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
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
                           "to " + baseline, "switches/request", "p99 ms", "errors", "saturated"},
                .rows = {}};
    for (const SummaryRow& row : summary.rows) {
        const auto tail_us = row.median_of(Metric::latency_p99_us);
        table.rows.push_back({
            row.contender,
            row.all_void ? std::string("VOID")
            : row.runs < summary.conditions.planned_runs
                ? fmt::format("{} of {}", row.runs, summary.conditions.planned_runs)
                : fmt::format("{}", row.runs),
            number(row.median_of(Metric::requests_per_second), 0),
            ratio_text(row.throughput_ratio),
            number(row.median_of(Metric::cpu_us_per_request), 2),
            ratio_text(row.cpu_ratio),
            number(row.median_of(Metric::context_switches_per_request), 3),
            number(tail_us ? std::optional(*tail_us / 1000) : std::nullopt, 2),
            chart::format_number(static_cast<double>(row.errors), 0),
            std::string(to_string(row.bottleneck)),
        });
    }
    for (const Estimate& estimate : summary.estimates) {
        if (const auto value = estimated_requests_per_second(summary, estimate)) {
            std::vector<std::string> cells(table.header.size(), std::string(kAbsent));
            cells[0] = estimate.contender;
            cells[1] = "estimate";
            cells[2] = "≈ " + chart::format_number(*value, 0);
            table.rows.push_back(std::move(cells));
        }
    }
    return table;
}

Table absence_table(const Summary& summary) {
    Table table{.header = {"not measured", "why"}, .rows = {}};
    for (const Absence& absence : summary.absences) {
        table.rows.push_back({absence.contender, absence.reason});
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
            {"load", fmt::format("{}, after {} s of warm-up", describe(load), load.warmup.count())},
            {"runs",
             fmt::format("{} of each contender, interleaved (ABBA)", conditions.planned_runs)},
            {"placement",
             conditions.placement.pinned
                 ? fmt::format("server on CPU {}, generator on CPU {}",
                               to_string(conditions.placement.server),
                               to_string(conditions.placement.generator))
                 : fmt::format("not pinned, CPU {}", to_string(conditions.placement.server))},
            {"quota", conditions.quota_percent > 0
                          ? fmt::format("{} % of one CPU for the server", conditions.quota_percent)
                          : "none"},
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

std::string interval_note(const Summary& summary) {
    const auto confidence = confidence_of(summary);
    return confidence ? fmt::format(
                            "In brackets: {:.0f} % intervals (bootstrap over pairs of "
                            "runs).",
                            *confidence * 100)
                      : std::string();
}

std::string to_text(std::span<const Summary> summaries) {
    std::string text;
    for (const Summary& summary : summaries) {
        const Conditions& conditions = summary.conditions;
        text += fmt::format("{}{}, workload {}: {}, medians\n", text.empty() ? "" : "\n",
                            conditions.experiment, conditions.workload, describe(conditions.load));
        text += conditions.placement.pinned
                    ? fmt::format("server pinned to CPU {}, generator to CPU {}\n\n",
                                  to_string(conditions.placement.server),
                                  to_string(conditions.placement.generator))
                    : "server and generator not pinned\n\n";
        text += to_text(result_table(summary)) + '\n';
        for (const Absence& absence : summary.absences) {
            text += fmt::format("{} {}: {}\n",
                                absence.why == Absence::Why::failed ? "FAILED" : "absent",
                                absence.contender, absence.reason);
        }
        for (const Estimate& estimate : summary.estimates) {
            text += fmt::format("estimate {}: {:.3f} of {}; {}\n", estimate.contender,
                                estimate.ratio, estimate.of, estimate.source);
        }
        if (const std::string note = interval_note(summary); !note.empty()) {
            text += note + '\n';
        }
        for (const std::string& note : summary.notes) {
            text += note + '\n';
        }
    }
    return text;
}

namespace {

// Appends `table` as Markdown.
void add_markdown(const Table& table, std::string& text) {
    const auto add = [&](const std::vector<std::string>& cells) {
        for (const std::string& cell : cells) {
            std::string escaped;
            for (const char c : cell) {
                escaped += c == '|' ? "\\|" : c == '\n' ? " " : std::string(1, c);
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
}

}  // namespace

std::string to_markdown(std::span<const Summary> summaries) {
    std::string text;
    for (const Summary& summary : summaries) {
        const Conditions& conditions = summary.conditions;
        text += fmt::format("{}# {}, workload {}{}\n\n{}.\n\n", text.empty() ? "" : "\n",
                            conditions.experiment, conditions.workload,
                            summary.partial ? " (partial)" : "", describe(conditions.load));
        text += fmt::format("![chart](chart-{}.svg)\n\n", conditions.workload);
        add_markdown(result_table(summary), text);
        text += fmt::format("\nMedians over the runs. {}\n", interval_note(summary));
        for (const std::string& note : summary.notes) {
            text += "\n" + note + "\n";
        }
        for (const Estimate& estimate : summary.estimates) {
            text += fmt::format("\n{} is an estimate: {:.3f} of {}; {}.\n", estimate.contender,
                                estimate.ratio, estimate.of, estimate.source);
        }
        if (!summary.absences.empty()) {
            text += '\n';
            add_markdown(absence_table(summary), text);
        }
    }
    text += "\n## Conditions\n\n";
    add_markdown(conditions_table(summaries.front().conditions), text);
    return text;
}

}  // namespace wasmax::lab::report
