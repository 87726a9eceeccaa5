#include "lab/figures.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "chart/figure.h"
#include "lab/cpus.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/summary.h"

namespace wasmax::lab {

namespace {

std::string fact(const Machine& machine, const char* name) {
    const auto found = machine.find(name);
    return found == machine.end() ? "unknown" : found->second;
}

chart::BarChart chart_of(const Summary& summary, Metric metric, std::string_view better) {
    const bool is_time = row(metric).unit == "us";
    chart::BarChart chart{.title = std::string(row(metric).title),
                          .unit = is_time ? " µs" : "/s",
                          .better = std::string(better),
                          .decimals = is_time ? 2 : 0,
                          .bars = {}};
    for (const SummaryRow& contender : summary.rows) {
        const auto value = contender.median_of(metric);
        if (!value) {
            continue;
        }
        const bool is_baseline = contender.contender == summary.conditions.baseline;
        const auto& ratio = metric == Metric::requests_per_second ? contender.throughput_ratio
                                                                  : contender.cpu_ratio;
        chart.bars.push_back({
            .label = contender.contender,
            .note = ratio ? fmt::format("{:.3f} of {}", ratio->value, summary.conditions.baseline)
                          : std::string(),
            .parts = {*value},
            .runs = contender.of(metric),
            .look = is_baseline ? chart::Look::baseline : chart::Look::plain,
        });
    }
    return chart;
}

}  // namespace

chart::Figure founding_figure(const Summary& summary) {
    const Conditions& conditions = summary.conditions;
    chart::Figure figure{
        .title = fmt::format("{}: workload {}", conditions.experiment, conditions.workload),
        .subtitle = fmt::format("wrk -t{} -c{} -d{}s, median of {} runs (dots: the runs)",
                                conditions.load.threads, conditions.load.connections,
                                conditions.load.duration.count(), conditions.planned_runs),
        .charts = {chart_of(summary, Metric::requests_per_second, "more is better"),
                   chart_of(summary, Metric::cpu_us_per_request, "less is better")},
        .footer = summary.notes,
    };
    figure.footer.push_back(
        fmt::format("{}; {}; server on CPU {}, wrk on CPU {}.", fact(conditions.machine, "cpu"),
                    fact(conditions.machine, "kernel"), to_string(conditions.placement.server),
                    to_string(conditions.placement.generator)));
    return figure;
}

}  // namespace wasmax::lab
