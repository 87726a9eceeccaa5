#include "lab/session.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ios>
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
#include "lab/stop.h"
#include "lab/summary.h"
#include "lab/wrk.h"

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
                           .handles = contender.handles,
                           .iteration = measurement.iteration,
                           .metric = metric,
                           .value = value,
                           .void_reason = measurement.void_reason});
    }
    return samples;
}

SampleSet empty_set(const Experiment& experiment, const Equipment& equipment) {
    SampleSet set{.conditions = {.experiment = experiment.name,
                                 .workload = experiment.workload.name,
                                 .baseline = experiment.baseline,
                                 .load = experiment.load,
                                 .planned_contenders = {},
                                 .planned_runs = experiment.runs,
                                 .placement = equipment.placement,
                                 .quota_percent = equipment.quota_percent,
                                 .machine = equipment.machine},
                  .samples = {},
                  .absences = experiment.absences,
                  .estimates = experiment.estimates};
    for (const Contender& contender : experiment.contenders) {
        set.conditions.planned_contenders.push_back(contender.name);
    }
    return set;
}

Result<void, Error> write_pipeline_script(const fs::path& path, int count) {
    std::ofstream file(path, std::ios::binary);
    file << pipeline_script(count);
    file.close();
    if (!file) {
        return fail(Error::from_errno(errno, fmt::format("writing {}", path.string())));
    }
    return {};
}

// What all experiments of a session share.
struct RunContext {
    const Equipment& equipment;
    Interrupt& interrupt;
    Progress& progress;
    SampleWriter& writer;
};

// Runs one experiment; what it measures goes to the file at once, and into `set`.
Attempt<void> run_one(const Experiment& experiment, const RunContext& context, SampleSet& set) {
    SampleWriter& writer = context.writer;
    set = empty_set(experiment, context.equipment);
    TRY(writer.append(set));
    SampleSet one{.conditions = set.conditions, .samples = {}, .absences = {}, .estimates = {}};
    const Listener listener{.measured = [&](const Measurement& measurement) -> Result<void, Error> {
                                one.samples = samples_of(experiment, measurement);
                                one.absences.clear();
                                set.samples.insert(set.samples.end(), one.samples.begin(),
                                                   one.samples.end());
                                return writer.append(one);
                            },
                            .failed = [&](const Absence& absence) -> Result<void, Error> {
                                one.samples.clear();
                                one.absences = {absence};
                                set.absences.push_back(absence);
                                return writer.append(one);
                            }};
    return run_experiment(experiment, context.equipment, context.interrupt, context.progress,
                          listener);
}

// Says what will be done, and returns how long it takes.
std::chrono::seconds announce(const std::vector<Experiment>& experiments, Progress& progress) {
    std::chrono::seconds total{0};
    for (const Experiment& experiment : experiments) {
        total += planned_time(experiment);
        progress.step(fmt::format(
            "plan: workload {}, {} after {} s to warm up; {} contender{}, {} run{} each, {} absent",
            experiment.workload.name, describe(experiment.load), experiment.load.warmup.count(),
            experiment.contenders.size(), experiment.contenders.size() == 1 ? "" : "s",
            experiment.runs, experiment.runs == 1 ? "" : "s", experiment.absences.size()));
    }
    progress.step(fmt::format(
        "plan: about {} in all; Ctrl-C ends it, with a report of what is there", rough(total)));
    return total;
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

Result<Session, Error> run_session(const std::vector<Experiment>& experiments,
                                   const Equipment& equipment, const fs::path& directory,
                                   Interrupt& interrupt, Progress& progress) {
    for (const Experiment& experiment : experiments) {
        TRY(validate(experiment));
    }
    SampleWriter writer = TRY(SampleWriter::create(directory / kSamplesFile));
    progress.expect(announce(experiments, progress));
    Session session;
    bool any = false;
    for (const Experiment& experiment : experiments) {
        if (experiments.size() > 1) {
            progress.step(
                fmt::format("{}: {}", experiment.workload.name, describe(experiment.load)));
        }
        if (experiment.load.pipeline > 1) {
            TRY(write_pipeline_script(equipment.generators.pipeline_script,
                                      experiment.load.pipeline));
        }
        const RunContext context{equipment, interrupt, progress, writer};
        SampleSet set;
        auto outcome = run_one(experiment, context, set);
        for (const Absence& absence : set.absences) {
            if (absence.why == Absence::Why::failed) {
                session.failures.push_back(absence);
            }
        }
        any = any || !set.samples.empty();
        session.summaries.push_back(summarize(set));
        if (!outcome) {
            session.stop = std::move(outcome).error();
            break;
        }
    }
    if (!any) {
        std::error_code ignored;  // it holds no figure
        fs::remove(directory / kSamplesFile, ignored);
        session.summaries.clear();
        return session;
    }
    TRY(report::write_all(session.summaries, directory, interrupt, progress));
    return session;
}

Result<std::vector<Summary>, Error> read_summaries(const fs::path& directory) {
    const std::vector<SampleSet> sets = TRY(read_samples(directory / kSamplesFile));
    std::vector<Summary> summaries;
    summaries.reserve(sets.size());
    for (const SampleSet& set : sets) {
        summaries.push_back(summarize(set));
    }
    return summaries;
}

Result<std::vector<Summary>, Error> redraw(const fs::path& directory, Interrupt& interrupt,
                                           Progress& progress) {
    std::vector<Summary> summaries = TRY(read_summaries(directory));
    TRY(report::write_all(summaries, directory, interrupt, progress));
    return summaries;
}

}  // namespace wasmax::lab
