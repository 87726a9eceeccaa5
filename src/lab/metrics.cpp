#include "lab/metrics.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace wasmax::lab {

const MetricRow& row(Metric metric) { return kMetrics[static_cast<std::size_t>(metric)]; }

std::optional<Metric> metric_named(std::string_view name) {
    for (const MetricRow& row : kMetrics) {
        if (row.name == name) {
            return row.metric;
        }
    }
    return std::nullopt;
}

}  // namespace wasmax::lab
