#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/metrics.h"
#include "lab/samples.h"
#include "lab/stats.h"

namespace wasmax::lab {

/// What kept the requests per second from being higher: a side that used at least kSaturatedShare
/// of the CPUs it was pinned to. Unknown when the sides were not pinned to CPUs of their own.
enum class Bottleneck : std::uint8_t { unknown, neither, server, generator, both };
inline constexpr double kSaturatedShare = 0.85;
[[nodiscard]] std::string_view to_string(Bottleneck bottleneck);

/// A contender's runs, and what became of them.
struct SummaryRow {
    std::string contender;
    std::string engine = {};
    std::string flags = {};
    std::string program = {};
    std::string backend = {};
    int runs = 0;  ///< complete measurements
    /// By metric, in the order of iterations.
    std::array<std::vector<double>, kMetricCount> values = {};
    std::uint64_t errors = 0;  ///< socket errors and error statuses of all runs together
    double error_share = 0;    ///< errors by requests and errors, of all runs
    Bottleneck bottleneck = Bottleneck::unknown;
    /// To the baseline; nullopt for the baseline itself, and without one.
    std::optional<Ratio> throughput_ratio = {};
    std::optional<Ratio> cpu_ratio = {};

    [[nodiscard]] const std::vector<double>& of(Metric metric) const {
        return values[static_cast<std::size_t>(metric)];
    }
    [[nodiscard]] std::optional<double> median_of(Metric metric) const {
        return median(of(metric));
    }
};

struct Summary {
    Conditions conditions;
    std::vector<SummaryRow> rows;         ///< all planned contenders, also those that never ran
    bool partial = false;                 ///< some contender has fewer runs than were planned
    std::vector<std::string> notes = {};  ///< sentences a reader must know before comparing
};

/// Pure: the same samples give the same summary.
[[nodiscard]] Summary summarize(const SampleSet& set);

}  // namespace wasmax::lab
