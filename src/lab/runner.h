#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/machine.h"
#include "lab/metrics.h"
#include "lab/progress.h"
#include "lab/stop.h"
#include "lab/validity.h"
#include "lab/wrk.h"

namespace wasmax::lab {

/// With what an experiment is run.
struct Equipment {
    Generators generators;
    std::filesystem::path
        log_directory;  ///< exists; gets NAME.log, the output of a contender's last run
    Placement placement;
    int quota_percent = 0;  ///< of one CPU, for the server; 0: no limit
    Machine machine = {};   ///< for the samples
    Rules rules = {};
    int retries = 1;                                ///< of each run that is void
    std::chrono::milliseconds start_limit{10'000};  ///< from start to the first correct answer
    std::chrono::milliseconds answer_limit{5'000};  ///< from connect to a complete answer
    std::chrono::milliseconds stop_grace{2'000};    ///< between SIGINT and SIGKILL
};

/// One run of one contender under load.
struct Measurement {
    std::size_t contender = 0;     ///< index into Experiment::contenders
    int iteration = 0;             ///< the how-manieth of this contender, from 0
    Values values = {};            ///< finite ones only
    std::string void_reason = {};  ///< why it does not count; empty: it does
};

/// Who wants to know. A failure of either ends the experiment.
struct Listener {
    std::function<Result<void, Error>(const Measurement&)> measured;
    /// A contender that did not start, answered wrongly, died, or could not be loaded: it takes no
    /// further part.
    std::function<Result<void, Error>(const Absence&)> failed;
};

/// Runs `experiment`, which must be valid, in the order of schedule(). Each measurement starts the
/// contender anew, waits until it answers correctly, warms it up, loads it, and stops it; whatever
/// happens, no server is left running. A void run is repeated at once, `retries` times; each is
/// reported. Errors: invalid (port in use), host; Stop on an interruption.
[[nodiscard]] Attempt<void> run_experiment(const Experiment& experiment, const Equipment& equipment,
                                           Interrupt& interrupt, Progress& progress,
                                           const Listener& listener);

}  // namespace wasmax::lab
