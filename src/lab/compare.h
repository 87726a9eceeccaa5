#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lab/metrics.h"
#include "lab/stats.h"
#include "lab/summary.h"

namespace wasmax::lab {

enum class Verdict : std::uint8_t {
    same,        ///< within the tolerance, as far as one can tell
    better,      ///< the whole interval is beyond the tolerance, on the good side
    regression,  ///< the whole interval is beyond the tolerance, on the bad side
    unknown,     ///< one side was not measured, or its runs are void
};
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// One quantity of one contender, after to before.
struct Change {
    std::string workload;
    std::string load;
    std::string contender;
    Metric metric = Metric::requests_per_second;
    std::optional<Ratio> ratio;
    Verdict verdict = Verdict::unknown;
};

/// Compares requests per second and CPU per request of every contender that both have under the
/// same workload and load. `tolerance` is relative, 0.05 for 5 %. With fewer than two runs on a
/// side there is no interval, and the ratio itself must be within the tolerance. Requests per
/// second of a contender whose generator was the bottleneck in both say nothing about it and are
/// left out.
[[nodiscard]] std::vector<Change> compare(std::span<const Summary> before,
                                          std::span<const Summary> after, double tolerance);

/// What differs between the conditions of the two, as sentences; empty: nothing.
[[nodiscard]] std::vector<std::string> differing_conditions(const Conditions& before,
                                                            const Conditions& after);

}  // namespace wasmax::lab
