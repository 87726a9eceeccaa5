#include "lab/chart.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "base/assert.h"
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

BarChart chart_of(const Summary& summary, Metric metric, std::string_view better) {
    const bool is_time = row(metric).unit == "us";
    BarChart chart{.title = std::string(row(metric).title),
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
            .value = *value,
            .runs = contender.of(metric),
            .baseline = is_baseline,
        });
    }
    return chart;
}

}  // namespace

Figure founding_figure(const Summary& summary) {
    const Conditions& conditions = summary.conditions;
    Figure figure{
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

std::vector<double> axis_ticks(double maximum) {
    WASMAX_ASSERT(maximum > 0 && std::isfinite(maximum));
    const double power = std::pow(10.0, std::floor(std::log10(maximum)));
    double step = power;
    for (const double factor : {0.2, 0.5, 1.0, 2.0}) {
        step = factor * power;
        if (maximum / step <= 6) {
            break;
        }
    }
    std::vector<double> ticks;
    for (int i = 0; i == 0 || ticks.back() < maximum * (1 - 1e-9); ++i) {
        ticks.push_back(i * step);
    }
    return ticks;
}

std::string format_number(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::size_t first_digit = text.starts_with('-') ? 1 : 0;
    for (std::size_t at = point; at > first_digit + 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

}  // namespace wasmax::lab
