#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace wasmax::lab {

enum class Metric : unsigned char {
#define METRIC(name, unit, title, meaning) name,
#include "lab/metrics.def"
#undef METRIC
};

struct MetricRow {
    Metric metric;
    std::string_view name;
    std::string_view unit;
    std::string_view title;
    std::string_view meaning;
};

/// All rows of metrics.def, in its order; a Metric is an index into them.
inline constexpr auto kMetrics = std::to_array<MetricRow>({
#define METRIC(name, unit, title, meaning) {Metric::name, #name, unit, title, meaning},
#include "lab/metrics.def"
#undef METRIC
});
inline constexpr std::size_t kMetricCount = kMetrics.size();

[[nodiscard]] const MetricRow& row(Metric metric);
[[nodiscard]] std::optional<Metric> metric_named(std::string_view name);

}  // namespace wasmax::lab
