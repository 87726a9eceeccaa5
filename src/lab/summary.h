#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/experiment.h"
#include "lab/metrics.h"
#include "lab/samples.h"
#include "lab/stats.h"

namespace wasmax::lab {

/// What kept the requests per second from being higher: a side that used at least kSaturatedShare
/// of the CPUs it was pinned to, or of its quota. Unknown when the sides were not pinned to CPUs of
/// their own.
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
    std::string handles = {};
    int runs = 0;                  ///< measurements that count
    int void_runs = 0;             ///< those that do not
    int attempted = 0;             ///< places of the schedule that had their turn
    std::string void_reason = {};  ///< of the last of these
    /// Not one of its runs counts: the values below are those of the last void run, and wherever
    /// they are shown they are marked.
    bool all_void = false;
    /// By metric, in the order of iterations.
    std::array<std::vector<double>, kMetricCount> values = {};
    std::array<std::vector<int>, kMetricCount> iterations = {};  ///< of the values
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
    std::vector<SummaryRow> rows;  ///< all planned contenders, also those that never ran
    std::vector<Absence> absences = {};
    std::vector<Estimate> estimates = {};  ///< of contenders whose measured counterpart has a row
    bool partial = false;                  ///< some contender has fewer runs than were planned
    std::vector<std::string> notes = {};   ///< sentences a reader must know before comparing
};

/// Requests per second that `estimate` makes of its measured counterpart; nullopt when that was not
/// measured, or its runs are void.
[[nodiscard]] std::optional<double> estimated_requests_per_second(const Summary& summary,
                                                                  const Estimate& estimate);

/// Pure: the same samples give the same summary.
[[nodiscard]] Summary summarize(const SampleSet& set);

}  // namespace wasmax::lab
