#include "lab/figures.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/format.h>

#include "chart/axis.h"
#include "chart/figure.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/summary.h"

namespace wasmax::lab {

namespace {

struct Quantity {
    Metric metric;
    std::string_view unit;
    std::string_view better;
    int decimals;
    double scale;  // from the metric's unit to `unit`
};
constexpr Quantity kThroughput{Metric::requests_per_second, "/s", "more is better", 0, 1};
constexpr Quantity kCpu{Metric::cpu_us_per_request, " µs", "less is better", 2, 1};
constexpr Quantity kTail{Metric::latency_p99_us, " ms", "less is better", 2, 1e-3};
constexpr Quantity kMiddle{Metric::latency_p50_us, " ms", "less is better", 2, 1e-3};

std::string fact(const Machine& machine, const char* name) {
    const auto found = machine.find(name);
    return found == machine.end() ? "unknown" : found->second;
}

std::string with_unit(double value, const Quantity& quantity) {
    return chart::format_number(value, quantity.decimals) + std::string(quantity.unit);
}

// What a bar says on hovering.
std::string tip_of(const SummaryRow& row, double value, const Quantity& quantity,
                   const std::optional<Ratio>& ratio, const std::string& baseline) {
    std::string tip = fmt::format("{}: {}", row.contender, with_unit(value, quantity));
    if (row.all_void) {
        tip += "\nvoid: " + row.void_reason;
    } else {
        tip += fmt::format("\nmedian of {} run{}", row.runs, row.runs == 1 ? "" : "s");
    }
    if (ratio) {
        tip += fmt::format("\n{:.3f} of {}", ratio->value, baseline);
        if (ratio->interval) {
            tip += fmt::format(" [{:.3f}, {:.3f}]", ratio->interval->low, ratio->interval->high);
        }
    }
    if (!row.handles.empty()) {
        tip += "\n" + row.handles;
    }
    return tip;
}

chart::BarChart bars_of(const Summary& summary, const Quantity& quantity) {
    const std::string& baseline = summary.conditions.baseline;
    chart::BarChart chart{.title = std::string(row(quantity.metric).title),
                          .unit = std::string(quantity.unit),
                          .better = std::string(quantity.better),
                          .decimals = quantity.decimals};
    for (const SummaryRow& contender : summary.rows) {
        const auto median = contender.median_of(quantity.metric);
        if (!median) {
            continue;
        }
        const double value = *median * quantity.scale;
        const auto& ratio = quantity.metric == Metric::requests_per_second
                                ? contender.throughput_ratio
                                : contender.cpu_ratio;
        chart::Bar bar{
            .label = contender.contender,
            .parts = {value},
            .look = contender.contender == baseline ? chart::Look::baseline : chart::Look::plain,
            .tip = tip_of(contender, value, quantity, ratio, baseline)};
        for (const double run : contender.of(quantity.metric)) {
            bar.runs.push_back(run * quantity.scale);
        }
        if (contender.all_void) {
            bar.note = "VOID";
        } else if (ratio) {
            bar.note = fmt::format("{:.3f} of {}", ratio->value, baseline);
        }
        chart.bars.push_back(std::move(bar));
    }
    return chart;
}

void add_estimates(const Summary& summary, chart::BarChart& chart) {
    for (const Estimate& estimate : summary.estimates) {
        if (const auto value = estimated_requests_per_second(summary, estimate)) {
            chart.bars.push_back(
                {.label = estimate.contender,
                 .note = "estimate, not measured",
                 .parts = {*value},
                 .look = chart::Look::estimate,
                 .tip = fmt::format("{}, an estimate: {}\npublished: {:.3f} of {}\n{}",
                                    estimate.contender, with_unit(*value, kThroughput),
                                    estimate.ratio, estimate.of, estimate.source)});
        }
    }
}

chart::Figure bar_figure(const Summary& summary) {
    const Conditions& conditions = summary.conditions;
    chart::BarChart throughput = bars_of(summary, kThroughput);
    add_estimates(summary, throughput);
    chart::Figure figure{
        .title = fmt::format("{}: workload {}", conditions.experiment, conditions.workload),
        .subtitle = fmt::format(
            "{}, median of {} run{} (dots: the runs){}", describe(conditions.load),
            conditions.planned_runs, conditions.planned_runs == 1 ? "" : "s",
            conditions.quota_percent > 0
                ? fmt::format(", server limited to {} % of a CPU", conditions.quota_percent)
                : std::string()),
        .charts = {throughput, bars_of(summary, kCpu)},
        .footer = summary.notes};
    if (conditions.load.generator == Generator::open) {
        figure.charts.emplace_back(bars_of(summary, kTail));
    }
    for (const Estimate& estimate : summary.estimates) {
        if (estimated_requests_per_second(summary, estimate)) {
            figure.footer.push_back(fmt::format("{}, hatched: an estimate, {:.3f} of {}; {}",
                                                estimate.contender, estimate.ratio, estimate.of,
                                                estimate.source));
        }
    }
    return figure;
}

// A line per contender over the loads of one workload.
chart::LineChart lines_of(std::span<const Summary* const> summaries, const Quantity& quantity,
                          bool by_rate) {
    chart::LineChart chart{.title = std::string(row(quantity.metric).title),
                           .x_title = by_rate ? "requests per second asked for" : "connections",
                           .unit = std::string(quantity.unit),
                           .better = std::string(quantity.better),
                           .decimals = quantity.decimals};
    for (const Summary* const summary : summaries) {
        const Load& load = summary->conditions.load;
        const double x = by_rate ? load.rate : load.connections;
        for (const SummaryRow& contender : summary->rows) {
            const auto value = contender.median_of(quantity.metric);
            if (!value) {
                continue;
            }
            auto line = std::ranges::find(chart.lines, contender.contender, &chart::Line::name);
            if (line == chart.lines.end()) {
                line = chart.lines.insert(line, chart::Line{.name = contender.contender});
            }
            line->points.push_back(
                {.x = x,
                 .y = *value * quantity.scale,
                 .tip = fmt::format(
                     "{}, {}: {}{}", contender.contender, describe(load),
                     with_unit(*value * quantity.scale, quantity),
                     contender.all_void ? "\nvoid: " + contender.void_reason : std::string())});
        }
    }
    return chart;
}

// Each note once: by itself when it is of all loads, else with those that it is of.
void add_notes(std::span<const Summary* const> summaries, std::vector<std::string>& footer) {
    std::vector<std::pair<std::string, std::vector<std::string>>> loads_by_note;
    for (const Summary* const summary : summaries) {
        for (const std::string& note : summary->notes) {
            auto known = std::ranges::find(
                loads_by_note, note, &std::pair<std::string, std::vector<std::string>>::first);
            if (known == loads_by_note.end()) {
                known = loads_by_note.insert(known, {note, {}});
            }
            known->second.push_back(describe(summary->conditions.load));
        }
    }
    for (const auto& [note, loads] : loads_by_note) {
        footer.push_back(loads.size() == summaries.size()
                             ? note
                             : fmt::format("{}: {}", fmt::join(loads, "; "), note));
    }
}

chart::Figure line_figure(std::span<const Summary* const> summaries) {
    const Conditions& first = summaries.front()->conditions;
    const bool by_rate = std::ranges::any_of(summaries, [&](const Summary* summary) {
        return summary->conditions.load.rate != first.load.rate;
    });
    chart::Figure figure{
        .title = fmt::format("{}: workload {}", first.experiment, first.workload),
        .subtitle = by_rate ? "latency under load, from the intended time of sending; medians"
                            : "by number of connections; medians",
        .charts = {lines_of(summaries, kThroughput, by_rate)}};
    if (by_rate) {
        figure.charts.emplace_back(lines_of(summaries, kMiddle, by_rate));
        figure.charts.emplace_back(lines_of(summaries, kTail, by_rate));
    }
    figure.charts.emplace_back(lines_of(summaries, kCpu, by_rate));
    add_notes(summaries, figure.footer);
    return figure;
}

}  // namespace

std::vector<NamedFigure> figures_of(std::span<const Summary> summaries) {
    std::vector<NamedFigure> figures;
    for (const Summary& summary : summaries) {
        const std::string& workload = summary.conditions.workload;
        if (std::ranges::find(figures, workload, &NamedFigure::workload) != figures.end()) {
            continue;
        }
        std::vector<const Summary*> same;
        for (const Summary& other : summaries) {
            if (other.conditions.workload == workload) {
                same.push_back(&other);
            }
        }
        NamedFigure named{.name = "chart-" + workload,
                          .workload = workload,
                          .figure = same.size() == 1 ? bar_figure(summary) : line_figure(same)};
        const Conditions& conditions = summary.conditions;
        named.figure.footer.push_back(fmt::format(
            "{}; {}; server on CPU {}, generator on CPU {}; commit {}.",
            fact(conditions.machine, "cpu"), fact(conditions.machine, "kernel"),
            to_string(conditions.placement.server), to_string(conditions.placement.generator),
            fact(conditions.machine, "commit")));
        figures.push_back(std::move(named));
    }
    return figures;
}

}  // namespace wasmax::lab
