#pragma once

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/runner.h"
#include "lab/summary.h"

namespace wasmax::lab {

/// What an experiment left behind in its directory.
struct Session {
    std::optional<Summary> summary;  ///< nullopt: nothing was measured, and nothing is written
    std::optional<Stop> stop;        ///< why it ended early
};

/// Creates the directory with its parents, and `logs` in it. Errors: invalid when it holds samples
/// already; host.
[[nodiscard]] Result<void, Error> create_output_directory(const std::filesystem::path& directory);

/// Undoes create_output_directory where nothing has been written since.
void remove_if_empty(const std::filesystem::path& directory);

/// Runs `experiment` and writes samples.jsonl, while it runs, and at the end, however early that
/// comes, all reports of what was measured. `directory` was made by create_output_directory.
/// Errors: invalid (experiment), host or internal (writing).
[[nodiscard]] Result<Session, Error> run_session(const Experiment& experiment,
                                                 const Equipment& equipment,
                                                 const std::filesystem::path& directory,
                                                 Interrupt& interrupt, Progress& progress);

}  // namespace wasmax::lab
