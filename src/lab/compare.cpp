#include "lab/compare.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "lab/experiment.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/stats.h"
#include "lab/summary.h"

namespace wasmax::lab {

namespace {

Verdict verdict_of(const Ratio& ratio, bool more_is_better, double tolerance) {
    const double low = ratio.interval ? ratio.interval->low : ratio.value;
    const double high = ratio.interval ? ratio.interval->high : ratio.value;
    const bool above = low > 1 + tolerance;
    const bool below = high < 1 - tolerance;
    if (above == below) {  // neither: an interval cannot be on both sides
        return Verdict::same;
    }
    return above == more_is_better ? Verdict::better : Verdict::regression;
}

bool same_load(const Summary& one, const Summary& other) {
    return one.conditions.workload == other.conditions.workload &&
           describe(one.conditions.load) == describe(other.conditions.load);
}

bool generator_bound(const SummaryRow& row) {
    return row.bottleneck == Bottleneck::generator || row.bottleneck == Bottleneck::both;
}

Change change_of(const Summary& summary, const SummaryRow& before, const SummaryRow* after,
                 Metric metric, double tolerance) {
    Change change{.workload = summary.conditions.workload,
                  .load = describe(summary.conditions.load),
                  .contender = before.contender,
                  .metric = metric,
                  .ratio = std::nullopt};
    if (after == nullptr || before.all_void || after->all_void) {
        return change;
    }
    change.ratio = ratio_of_independent_medians(after->of(metric), before.of(metric));
    if (change.ratio) {
        change.verdict =
            verdict_of(*change.ratio, metric == Metric::requests_per_second, tolerance);
    }
    return change;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::same:
            return "same";
        case Verdict::better:
            return "better";
        case Verdict::regression:
            return "REGRESSION";
        case Verdict::unknown:
            return "unknown";
    }
    return "unknown";
}

std::vector<Change> compare(std::span<const Summary> before, std::span<const Summary> after,
                            double tolerance) {
    std::vector<Change> changes;
    for (const Summary& old : before) {
        const auto now = std::ranges::find_if(
            after, [&](const Summary& other) { return same_load(old, other); });
        for (const SummaryRow& row : old.rows) {
            const SummaryRow* counterpart = nullptr;
            if (now != after.end()) {
                const auto found =
                    std::ranges::find(now->rows, row.contender, &SummaryRow::contender);
                counterpart = found == now->rows.end() ? nullptr : &*found;
            }
            const bool says_nothing = counterpart != nullptr && generator_bound(row) &&
                                      generator_bound(*counterpart) &&
                                      old.conditions.load.generator == Generator::wrk;
            for (const Metric metric : {Metric::requests_per_second, Metric::cpu_us_per_request}) {
                if (metric == Metric::cpu_us_per_request || !says_nothing) {
                    changes.push_back(change_of(old, row, counterpart, metric, tolerance));
                }
            }
        }
    }
    return changes;
}

std::vector<std::string> differing_conditions(const Conditions& before, const Conditions& after) {
    std::vector<std::string> sentences;
    const auto differ = [&](std::string_view what, const std::string& one,
                            const std::string& other) {
        if (one != other) {
            sentences.push_back(fmt::format("{}: {} before, {} after", what, one, other));
        }
    };
    const auto fact = [](const Machine& machine, const char* name) {
        const auto found = machine.find(name);
        return found == machine.end() ? std::string("unknown") : found->second;
    };
    for (const char* const name : {"cpu", "cpus", "kernel", "mitigations", "governor", "commit"}) {
        differ(name, fact(before.machine, name), fact(after.machine, name));
    }
    differ("runs", fmt::format("{}", before.planned_runs), fmt::format("{}", after.planned_runs));
    differ("quota", fmt::format("{} %", before.quota_percent),
           fmt::format("{} %", after.quota_percent));
    differ("pinned", before.placement.pinned ? "yes" : "no", after.placement.pinned ? "yes" : "no");
    return sentences;
}

}  // namespace wasmax::lab
