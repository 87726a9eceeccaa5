#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/runner.h"
#include "lab/stop.h"
#include "lab/summary.h"

namespace wasmax::lab {

/// What a run of the lab left behind in its directory.
struct Session {
    std::vector<Summary> summaries;  ///< one per experiment; empty: nothing was measured or written
    std::vector<Absence> failures;   ///< contenders that were there and did not do their job
    std::optional<Stop> stop;        ///< why it ended early
};

/// Creates the directory with its parents, and `logs` in it. Errors: invalid when it holds samples
/// already; host.
[[nodiscard]] Result<void, Error> create_output_directory(const std::filesystem::path& directory);

/// Undoes create_output_directory where nothing has been written since.
void remove_if_empty(const std::filesystem::path& directory);

/// Runs `experiments` and writes samples.jsonl, while it runs, and at the end, however early that
/// comes, all reports of what was measured. `directory` was made by create_output_directory.
/// Errors: invalid (an experiment), host or internal (writing).
[[nodiscard]] Result<Session, Error> run_session(const std::vector<Experiment>& experiments,
                                                 const Equipment& equipment,
                                                 const std::filesystem::path& directory,
                                                 Interrupt& interrupt, Progress& progress);

/// Draws all reports of `directory` anew from its samples. Errors: host, invalid (no samples
/// there), internal.
[[nodiscard]] Result<std::vector<Summary>, Error> redraw(const std::filesystem::path& directory,
                                                         Interrupt& interrupt, Progress& progress);

/// The summaries of samples.jsonl in `directory`. Errors: host, invalid.
[[nodiscard]] Result<std::vector<Summary>, Error> read_summaries(
    const std::filesystem::path& directory);

}  // namespace wasmax::lab
