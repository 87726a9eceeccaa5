#include "lab/validity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <fmt/core.h>

#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/metrics.h"

namespace wasmax::lab {

double value_of(const Values& values, Metric metric) {
    for (const auto& [name, value] : values) {
        if (name == metric) {
            return value;
        }
    }
    return std::nan("");
}

std::string void_reason(const Values& values, const Load& load, const Placement& placement,
                        const Rules& rules) {
    double errors = 0;
    for (const Metric metric : kErrorMetrics) {
        const double count = value_of(values, metric);
        errors += std::isnan(count) ? 0 : count;
    }
    const double requests = value_of(values, Metric::requests);
    if (!(requests > 0)) {
        return "no request was answered";
    }
    if (const double share = errors / (requests + errors); share > rules.error_share) {
        return fmt::format("{:.2f} % of its requests failed", share * 100);
    }
    if (const double cores = value_of(values, Metric::other_cores); cores > rules.other_cores) {
        return fmt::format("disturbed: other programs used {:.2f} CPUs", cores);
    }
    const auto cpus = static_cast<double>(std::max<std::size_t>(placement.generator.size(), 1));
    const double used = value_of(values, Metric::generator_cores);
    // The open-loop generator has one thread: one CPU is all it can use.
    if (load.generator == Generator::open && used > rules.generator_share * std::min(cpus, 1.0)) {
        return fmt::format("the generator used {:.0f} % of its CPU", used * 100);
    }
    return {};
}

}  // namespace wasmax::lab
