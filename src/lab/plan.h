#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/experiment_file.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {

/// What the command line changes of an experiment file; nullopt and empty: nothing.
struct Overrides {
    std::vector<std::string> contenders = {};  ///< only these, in this order; repeated: once more
    std::vector<std::string> workloads = {};   ///< only these
    std::string baseline = {};                 ///< empty: the file's
    std::optional<int> runs = {};
    std::optional<int> connections = {};
    std::optional<int> threads = {};
    std::optional<int> rate = {};
    std::optional<std::chrono::seconds> duration = {};
    std::optional<std::chrono::seconds> warmup = {};
};

/// What the places of recipes stand for: `guests` for `{guests}`. `{port}` is the workload's port.
using Places = std::map<std::string, std::string>;

/// The experiments of a file: one per workload, number of connections and rate, in that order.
/// A contender whose needs are not met, or whose build fails, becomes an absence with its reason;
/// threads never exceed connections. A contender asked for twice is measured twice, as NAME and
/// NAME-2. Runs the build commands of contenders that will be measured, from the current directory.
/// Errors: invalid (a name in `overrides` that the file does not have, with the nearest one; a
/// place that is not known; values out of range); host; Stop.
[[nodiscard]] Attempt<std::vector<Experiment>> plan(const ExperimentFile& file,
                                                    const Overrides& overrides,
                                                    const Places& places, Interrupt& interrupt,
                                                    Progress& progress);

/// Why a recipe cannot be measured here: the first of its needs that is not met.
[[nodiscard]] std::optional<std::string> unmet_need(const Recipe& recipe);

}  // namespace wasmax::lab
