#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "lab/metrics.h"
#include "lab/report/report.h"
#include "lab/samples.h"
#include "lab/stats.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::optional<Ratio>& ratio) {
    if (!ratio) {
        return nullptr;
    }
    Json json = {{"value", ratio->value}};
    if (ratio->interval) {
        json["low"] = ratio->interval->low;
        json["high"] = ratio->interval->high;
        json["confidence"] = ratio->interval->confidence;
    }
    return json;
}

Json to_json(const SummaryRow& row) {
    Json metrics_json = Json::object();
    for (const MetricRow& metric : kMetrics) {
        if (const auto median = row.median_of(metric.metric)) {
            metrics_json[std::string(metric.name)] = {
                {"unit", metric.unit}, {"median", *median}, {"runs", row.of(metric.metric)}};
        }
    }
    return {
        {"contender", row.contender},
        {"engine", row.engine},
        {"flags", row.flags},
        {"program", row.program},
        {"backend", row.backend},
        {"runs", row.runs},
        {"errors", row.errors},
        {"error_share", row.error_share},
        {"saturated", to_string(row.bottleneck)},
        {"throughput_ratio", to_json(row.throughput_ratio)},
        {"cpu_ratio", to_json(row.cpu_ratio)},
        {"metrics", metrics_json},
    };
}

}  // namespace

std::string to_json(const Summary& summary, const std::filesystem::path& directory) {
    const Conditions& conditions = summary.conditions;
    Json contenders = Json::array();
    for (const SummaryRow& row : summary.rows) {
        contenders.push_back(to_json(row));
    }
    const Json json = {
        {"experiment", conditions.experiment},
        {"workload", conditions.workload},
        {"baseline", conditions.baseline},
        {"partial", summary.partial},
        {"directory", directory.string()},
        {"threads", conditions.load.threads},
        {"connections", conditions.load.connections},
        {"duration_s", conditions.load.duration.count()},
        {"planned_runs", conditions.planned_runs},
        {"pinned", conditions.placement.pinned},
        {"contenders", contenders},
        {"notes", summary.notes},
        {"machine", conditions.machine},
    };
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace wasmax::lab::report
