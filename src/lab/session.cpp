#include "lab/session.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/report/report.h"
#include "lab/runner.h"
#include "lab/samples.h"
#include "lab/summary.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSamplesFile = "samples.jsonl";
constexpr const char* kLogs = "logs";

std::vector<Sample> samples_of(const Experiment& experiment, const Measurement& measurement) {
    const Contender& contender = experiment.contenders[measurement.contender];
    std::vector<Sample> samples;
    samples.reserve(measurement.values.size());
    for (const auto& [metric, value] : measurement.values) {
        samples.push_back({.contender = contender.name,
                           .engine = contender.engine,
                           .flags = contender.flags,
                           .program = contender.program,
                           .backend = contender.backend,
                           .iteration = measurement.iteration,
                           .metric = metric,
                           .value = value});
    }
    return samples;
}

}  // namespace

Result<void, Error> create_output_directory(const fs::path& directory) {
    std::error_code error;
    if (fs::exists(directory / kSamplesFile, error)) {
        return fail(Error::invalid(
            fmt::format("{} already holds the samples of an experiment; choose another --output",
                        directory.string())));
    }
    fs::create_directories(directory / kLogs, error);
    if (error) {
        return fail(Error::from_errno(
            error.value(), fmt::format("creating the output directory {}", directory.string())));
    }
    return {};
}

void remove_if_empty(const fs::path& directory) {
    std::error_code ignored;  // what stays does no harm
    fs::remove(directory / kLogs, ignored);
    fs::remove(directory, ignored);
}

Result<Session, Error> run_session(const Experiment& experiment, const Equipment& equipment,
                                   const fs::path& directory, Interrupt& interrupt,
                                   Progress& progress) {
    TRY(validate(experiment));
    SampleSet set{.conditions = {.experiment = experiment.name,
                                 .workload = experiment.workload.name,
                                 .baseline = experiment.baseline,
                                 .load = experiment.load,
                                 .planned_contenders = {},
                                 .planned_runs = experiment.runs,
                                 .placement = equipment.placement,
                                 .machine = equipment.machine},
                  .samples = {}};
    for (const Contender& contender : experiment.contenders) {
        set.conditions.planned_contenders.push_back(contender.name);
    }
    SampleWriter writer = TRY(SampleWriter::create(directory / kSamplesFile));
    auto outcome =
        run_experiment(experiment, equipment, interrupt, progress,
                       [&](const Measurement& measurement) -> Result<void, Error> {
                           const std::vector<Sample> samples = samples_of(experiment, measurement);
                           TRY(writer.append(set.conditions, samples));
                           set.samples.insert(set.samples.end(), samples.begin(), samples.end());
                           return {};
                       });
    Session session;
    if (!outcome) {
        session.stop = std::move(outcome).error();
    }
    if (set.samples.empty()) {
        fs::remove(directory / kSamplesFile);  // it is empty
        return session;
    }
    session.summary = summarize(set);
    TRY(report::write_all(*session.summary, directory));
    return session;
}

}  // namespace wasmax::lab
