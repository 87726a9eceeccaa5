#include "lab/summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/metrics.h"
#include "lab/samples.h"
#include "lab/stats.h"
#include "lab/validity.h"

namespace wasmax::lab {

namespace {

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

bool saturated(const SummaryRow& row, Metric cores, double available) {
    const auto used = row.median_of(cores);
    return used && *used >= kSaturatedShare * available;
}

Bottleneck bottleneck_of(const SummaryRow& row, const Conditions& conditions) {
    const Placement& placement = conditions.placement;
    if (!placement.pinned) {
        return Bottleneck::unknown;
    }
    auto server_cpus = static_cast<double>(placement.server.size());
    if (conditions.quota_percent > 0) {
        server_cpus = std::min(server_cpus, conditions.quota_percent / 100.0);
    }
    const auto generator_cpus = static_cast<double>(placement.generator.size());
    const bool server = saturated(row, Metric::server_cores, server_cpus);
    const bool generator = saturated(row, Metric::generator_cores, generator_cpus);
    if (server && generator) {
        return Bottleneck::both;
    }
    return server ? Bottleneck::server : generator ? Bottleneck::generator : Bottleneck::neither;
}

std::vector<SummaryRow> rows_of(const SampleSet& set) {
    std::vector<SummaryRow> rows;
    rows.reserve(set.conditions.planned_contenders.size());
    for (const std::string& name : set.conditions.planned_contenders) {
        rows.push_back({.contender = name});
    }
    for (const Sample& sample : set.samples) {
        auto row = std::ranges::find(rows, sample.contender, &SummaryRow::contender);
        if (row == rows.end()) {
            row = rows.insert(row, SummaryRow{.contender = sample.contender});
        }
        row->engine = sample.engine;
        row->flags = sample.flags;
        row->program = sample.program;
        row->backend = sample.backend;
        row->handles = sample.handles;
        row->attempted = std::max(row->attempted, sample.iteration + 1);
        // Every run has a number of requests, which is therefore what runs are counted by.
        if (sample.metric == Metric::requests) {
            row->runs += sample.void_reason.empty() ? 1 : 0;
            row->void_runs += sample.void_reason.empty() ? 0 : 1;
        }
        if (!sample.void_reason.empty()) {
            row->void_reason = sample.void_reason;
        }
    }
    for (SummaryRow& row : rows) {
        row.all_void = row.runs == 0 && row.void_runs > 0;
    }
    for (const Sample& sample : set.samples) {
        SummaryRow& row = *std::ranges::find(rows, sample.contender, &SummaryRow::contender);
        const auto metric = static_cast<std::size_t>(sample.metric);
        if (row.all_void) {
            row.values[metric] = {sample.value};
            row.iterations[metric] = {sample.iteration};
        } else if (sample.void_reason.empty()) {
            row.values[metric].push_back(sample.value);
            row.iterations[metric].push_back(sample.iteration);
        }
    }
    return rows;
}

// The ratio of medians over the rounds in which both have a run that counts.
std::optional<Ratio> ratio_of(const SummaryRow& row, const SummaryRow& baseline, Metric metric) {
    if (row.all_void || baseline.all_void) {
        return std::nullopt;
    }
    const auto index = static_cast<std::size_t>(metric);
    std::vector<double> values;
    std::vector<double> baseline_values;
    for (std::size_t i = 0; i < row.values[index].size(); ++i) {
        const auto& rounds = baseline.iterations[index];
        const auto round = std::ranges::find(rounds, row.iterations[index][i]);
        if (round != rounds.end()) {
            values.push_back(row.values[index][i]);
            baseline_values.push_back(
                baseline.values[index][static_cast<std::size_t>(round - rounds.begin())]);
        }
    }
    return ratio_of_medians(values, baseline_values);
}

std::vector<std::string> notes_of(const Summary& summary) {
    std::vector<std::string> notes;
    const int planned = summary.conditions.planned_runs;
    if (summary.partial) {
        notes.push_back(fmt::format(
            "Partial: the experiment ended before all {} runs of every contender.", planned));
    }
    for (const SummaryRow& row : summary.rows) {
        if (row.all_void) {
            notes.push_back(
                fmt::format("{}: void, do not compare it: {}.", row.contender, row.void_reason));
        } else if (row.void_runs > 0) {
            notes.push_back(fmt::format("{}: {} void run{} left out ({}).", row.contender,
                                        row.void_runs, row.void_runs == 1 ? " is" : "s are",
                                        row.void_reason));
        }
    }
    const bool closed = summary.conditions.load.generator == Generator::wrk;
    const auto generator_bound = [&](const SummaryRow& row) {
        return closed &&
               (row.bottleneck == Bottleneck::generator || row.bottleneck == Bottleneck::both);
    };
    if (std::ranges::any_of(summary.rows, generator_bound)) {
        notes.emplace_back(
            "wrk was the bottleneck of some contender: requests per second then say how fast wrk "
            "is; "
            "compare CPU per request.");
    }
    if (!summary.conditions.placement.pinned) {
        notes.emplace_back(
            "Server and wrk shared their CPUs: requests per second depend on how the kernel "
            "divided "
            "them.");
    }
    return notes;
}

}  // namespace

std::string_view to_string(Bottleneck bottleneck) {
    switch (bottleneck) {
        case Bottleneck::unknown:
            return "unknown";
        case Bottleneck::neither:
            return "neither";
        case Bottleneck::server:
            return "server";
        case Bottleneck::generator:
            return "generator";
        case Bottleneck::both:
            return "both";
    }
    return "unknown";
}

std::optional<double> estimated_requests_per_second(const Summary& summary,
                                                    const Estimate& estimate) {
    const auto measured = std::ranges::find(summary.rows, estimate.of, &SummaryRow::contender);
    if (measured == summary.rows.end() || measured->all_void) {
        return std::nullopt;
    }
    const auto value = measured->median_of(Metric::requests_per_second);
    return value ? std::optional(*value * estimate.ratio) : std::nullopt;
}

Summary summarize(const SampleSet& set) {
    Summary summary{.conditions = set.conditions,
                    .rows = rows_of(set),
                    .absences = set.absences,
                    .estimates = set.estimates};
    const auto baseline =
        std::ranges::find(summary.rows, set.conditions.baseline, &SummaryRow::contender);
    for (SummaryRow& row : summary.rows) {
        for (const Metric metric : kErrorMetrics) {
            row.errors += static_cast<std::uint64_t>(sum(row.of(metric)));
        }
        const double requests = sum(row.of(Metric::requests));
        const auto errors = static_cast<double>(row.errors);
        row.error_share = requests + errors == 0 ? 0 : errors / (requests + errors);
        row.bottleneck = bottleneck_of(row, set.conditions);
        if (baseline != summary.rows.end() && row.contender != baseline->contender) {
            row.throughput_ratio = ratio_of(row, *baseline, Metric::requests_per_second);
            row.cpu_ratio = ratio_of(row, *baseline, Metric::cpu_us_per_request);
        }
        const bool has_failed = std::ranges::any_of(set.absences, [&](const Absence& absence) {
            return absence.contender == row.contender;
        });
        summary.partial =
            summary.partial || (!has_failed && row.attempted < set.conditions.planned_runs);
    }
    summary.notes = notes_of(summary);
    return summary;
}

}  // namespace wasmax::lab
