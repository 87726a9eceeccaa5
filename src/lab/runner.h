#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {

/// With what an experiment is run.
struct Equipment {
    std::filesystem::path wrk;  ///< the program
    std::filesystem::path
        log_directory;  ///< exists; gets NAME.log, the output of a contender's last run
    Placement placement;
    Machine machine = {};                           ///< for the samples
    std::chrono::milliseconds start_limit{10'000};  ///< from start to the first correct answer
    std::chrono::milliseconds answer_limit{5'000};  ///< from connect to a complete answer
    std::chrono::milliseconds stop_grace{2'000};    ///< between SIGINT and SIGKILL
};

/// One run of one contender under load.
struct Measurement {
    std::size_t contender = 0;                      ///< index into Experiment::contenders
    int iteration = 0;                              ///< the how-manieth of this contender, from 0
    std::vector<std::pair<Metric, double>> values;  ///< finite ones only
};

/// Called after each measurement; its failure ends the experiment.
using OnMeasurement = std::function<Result<void, Error>(const Measurement&)>;

/// Runs `experiment`, which must be valid, in the order of schedule(). Each measurement starts the
/// contender anew, waits until it answers correctly, warms it up, loads it, and stops it; whatever
/// happens, no server is left running. Errors: invalid (port in use, server that dies, does not
/// listen or answers wrongly), internal (wrk fails), host; Stop on an interruption. Each names the
/// contender.
[[nodiscard]] Attempt<void> run_experiment(const Experiment& experiment, const Equipment& equipment,
                                           Interrupt& interrupt, Progress& progress,
                                           const OnMeasurement& on_measurement);

}  // namespace wasmax::lab
