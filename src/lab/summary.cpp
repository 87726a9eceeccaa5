#include "lab/summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "lab/cpus.h"
#include "lab/metrics.h"
#include "lab/samples.h"
#include "lab/stats.h"

namespace wasmax::lab {

namespace {

constexpr double kMaxErrorShare = 0.001;
constexpr double kMaxOtherCores = 0.1;

constexpr Metric kErrorMetrics[]{Metric::connect_errors, Metric::read_errors, Metric::write_errors,
                                 Metric::timeout_errors, Metric::status_errors};

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

bool saturated(const SummaryRow& row, Metric cores, const CpuList& cpus) {
    const auto used = row.median_of(cores);
    return used && *used >= kSaturatedShare * static_cast<double>(cpus.size());
}

Bottleneck bottleneck_of(const SummaryRow& row, const Placement& placement) {
    if (!placement.pinned) {
        return Bottleneck::unknown;
    }
    const bool server = saturated(row, Metric::server_cores, placement.server);
    const bool generator = saturated(row, Metric::generator_cores, placement.generator);
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
        row->values[static_cast<std::size_t>(sample.metric)].push_back(sample.value);
        row->runs = std::max(row->runs, sample.iteration + 1);
    }
    return rows;
}

std::vector<std::string> notes_of(const Summary& summary) {
    std::vector<std::string> notes;
    const int planned = summary.conditions.planned_runs;
    if (summary.partial) {
        notes.push_back(fmt::format(
            "Partial: the experiment ended before all {} runs of every contender.", planned));
    }
    for (const SummaryRow& row : summary.rows) {
        if (row.error_share > kMaxErrorShare) {
            notes.push_back(fmt::format("{}: {:.2f} % of its requests failed; do not compare it.",
                                        row.contender, row.error_share * 100));
        }
    }
    double other_cores = 0;
    for (const SummaryRow& row : summary.rows) {
        for (const double cores : row.of(Metric::other_cores)) {
            other_cores = std::max(other_cores, cores);
        }
    }
    if (other_cores > kMaxOtherCores) {
        notes.push_back(fmt::format(
            "Disturbed: other programs used up to {:.2f} CPUs during a run; repeat it on a quiet "
            "machine.",
            other_cores));
    }
    const auto generator_bound = [](const SummaryRow& row) {
        return row.bottleneck == Bottleneck::generator || row.bottleneck == Bottleneck::both;
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
            return "wrk";
        case Bottleneck::both:
            return "both";
    }
    return "unknown";
}

Summary summarize(const SampleSet& set) {
    Summary summary{.conditions = set.conditions, .rows = rows_of(set)};
    const auto baseline =
        std::ranges::find(summary.rows, set.conditions.baseline, &SummaryRow::contender);
    for (SummaryRow& row : summary.rows) {
        for (const Metric metric : kErrorMetrics) {
            row.errors += static_cast<std::uint64_t>(sum(row.of(metric)));
        }
        const double requests = sum(row.of(Metric::requests));
        const auto errors = static_cast<double>(row.errors);
        row.error_share = requests + errors == 0 ? 0 : errors / (requests + errors);
        row.bottleneck = bottleneck_of(row, set.conditions.placement);
        if (baseline != summary.rows.end() && row.contender != baseline->contender) {
            row.throughput_ratio = ratio_of_medians(row.of(Metric::requests_per_second),
                                                    baseline->of(Metric::requests_per_second));
            row.cpu_ratio = ratio_of_medians(row.of(Metric::cpu_us_per_request),
                                             baseline->of(Metric::cpu_us_per_request));
        }
        summary.partial = summary.partial || row.runs < set.conditions.planned_runs;
    }
    summary.notes = notes_of(summary);
    return summary;
}

}  // namespace wasmax::lab
