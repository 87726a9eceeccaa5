#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/metrics.h"

namespace wasmax::lab {

/// Above any of these a run is void: it is repeated, and never charted unmarked.
struct Rules {
    double error_share = 0.001;     ///< failed requests, by all
    double other_cores = 0.1;       ///< CPUs that programs outside the experiment used
    double generator_share = 0.85;  ///< of its CPUs that an open-loop generator used
};

/// Metric values of one run, at most one each.
using Values = std::vector<std::pair<Metric, double>>;

/// The value of `metric`, NaN when it is not there.
[[nodiscard]] double value_of(const Values& values, Metric metric);

/// Why the run is void, as the rest of a sentence; empty: it counts. A closed loop may saturate its
/// generator: requests per second are then a fact about the generator, which the report says.
[[nodiscard]] std::string void_reason(const Values& values, const Load& load,
                                      const Placement& placement, const Rules& rules);

/// The metrics that count failures.
inline constexpr Metric kErrorMetrics[]{Metric::connect_errors, Metric::read_errors,
                                        Metric::write_errors, Metric::timeout_errors,
                                        Metric::status_errors};

}  // namespace wasmax::lab
