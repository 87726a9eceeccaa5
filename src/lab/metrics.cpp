#include "lab/metrics.h"

namespace wasmax::lab {

namespace {

constexpr MetricRow kRows[]{
#define METRIC(name, unit, title, meaning) {Metric::name, #name, unit, title, meaning},
#include "lab/metrics.def"
#undef METRIC
};

}  // namespace

std::span<const MetricRow> metrics() { return kRows; }

const MetricRow& row(Metric metric) { return kRows[static_cast<std::size_t>(metric)]; }

std::optional<Metric> metric_named(std::string_view name) {
    for (const MetricRow& row : kRows) {
        if (row.name == name) {
            return row.metric;
        }
    }
    return std::nullopt;
}

}  // namespace wasmax::lab
