#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"

namespace wasmax::lab {

/// A contender as an experiment file describes it: with places in braces, as `{guests}`, that
/// resolve() fills in.
struct Recipe {
    Contender contender = {};
    std::vector<std::string> workloads = {};  ///< names
    std::vector<std::string> needs = {};      ///< programs in PATH, and files (with a slash)
    std::string install = {};                 ///< how to get them: the end of a sentence
    std::vector<std::vector<std::string>> build = {};  ///< commands, before the first run
    std::string absent = {};  ///< why it can never be had here; empty: it can
};

struct WorkloadEstimate {
    std::string workload;
    Estimate estimate;
};

/// What a file in bench/experiments/ says. docs/lab.md describes the format.
struct ExperimentFile {
    std::string name;  ///< of the file, without its ending
    std::string baseline = {};
    int runs = 3;
    Load load = {};                     ///< the first of each axis
    std::vector<int> connections = {};  ///< an axis: each value is an experiment; not empty
    std::vector<int> rates = {};        ///< likewise, of an open loop; not empty
    std::vector<Workload> workloads = {};
    std::vector<Recipe> recipes = {};
    std::vector<WorkloadEstimate> estimates = {};
};

/// Reads an experiment and the files it includes. Errors: host (cannot read), invalid: `FILE:LINE:`
/// and what is wrong, with the nearest known name when a key looks like a slip.
[[nodiscard]] Result<ExperimentFile, Error> read_experiment(const std::filesystem::path& path);

/// The same from text without includes, for tests; `name` is used in messages.
[[nodiscard]] Result<ExperimentFile, Error> parse_experiment(std::string_view text,
                                                             const std::string& name);

}  // namespace wasmax::lab
