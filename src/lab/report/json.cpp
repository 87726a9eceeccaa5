#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "lab/experiment.h"
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
        {"handles", row.handles},
        {"runs", row.runs},
        {"void_runs", row.void_runs},
        {"void", row.all_void ? row.void_reason : std::string()},
        {"errors", row.errors},
        {"error_share", row.error_share},
        {"saturated", to_string(row.bottleneck)},
        {"throughput_ratio", to_json(row.throughput_ratio)},
        {"cpu_ratio", to_json(row.cpu_ratio)},
        {"metrics", metrics_json},
    };
}

Json to_json(const Summary& summary) {
    const Conditions& conditions = summary.conditions;
    Json contenders = Json::array();
    for (const SummaryRow& row : summary.rows) {
        contenders.push_back(to_json(row));
    }
    Json absences = Json::array();
    for (const Absence& absence : summary.absences) {
        absences.push_back({{"contender", absence.contender},
                            {"reason", absence.reason},
                            {"failed", absence.why == Absence::Why::failed}});
    }
    Json estimates = Json::array();
    for (const Estimate& estimate : summary.estimates) {
        Json json = {{"contender", estimate.contender},
                     {"of", estimate.of},
                     {"ratio", estimate.ratio},
                     {"source", estimate.source}};
        if (const auto value = estimated_requests_per_second(summary, estimate)) {
            json["requests_per_second"] = *value;
        }
        estimates.push_back(std::move(json));
    }
    return {
        {"workload", conditions.workload},
        {"baseline", conditions.baseline},
        {"partial", summary.partial},
        {"generator", to_string(conditions.load.generator)},
        {"threads", conditions.load.threads},
        {"connections", conditions.load.connections},
        {"duration_s", conditions.load.duration.count()},
        {"pipeline", conditions.load.pipeline},
        {"rate", conditions.load.rate},
        {"planned_runs", conditions.planned_runs},
        {"pinned", conditions.placement.pinned},
        {"quota_percent", conditions.quota_percent},
        {"contenders", contenders},
        {"absent", absences},
        {"estimates", estimates},
        {"notes", summary.notes},
    };
}

}  // namespace

std::string to_json(std::span<const Summary> summaries, const std::filesystem::path& directory) {
    Json experiments = Json::array();
    for (const Summary& summary : summaries) {
        experiments.push_back(to_json(summary));
    }
    const Conditions& conditions = summaries.front().conditions;
    const Json json = {
        {"experiment", conditions.experiment},
        {"directory", directory.string()},
        {"experiments", experiments},
        {"machine", conditions.machine},
    };
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace wasmax::lab::report
