#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace wasmax::lab {

enum class Metric : unsigned char {
#define METRIC(name, unit, title, meaning) name,
#include "lab/metrics.def"
#undef METRIC
};

inline constexpr std::size_t kMetricCount = 0
#define METRIC(name, unit, title, meaning) +1
#include "lab/metrics.def"
#undef METRIC
    ;

struct MetricRow {
    Metric metric;
    std::string_view name;
    std::string_view unit;
    std::string_view title;
    std::string_view meaning;
};

/// All rows of metrics.def, in its order; a Metric is an index into them.
[[nodiscard]] std::span<const MetricRow> metrics();
[[nodiscard]] const MetricRow& row(Metric metric);
[[nodiscard]] std::optional<Metric> metric_named(std::string_view name);

}  // namespace wasmax::lab
