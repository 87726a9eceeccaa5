#pragma once

#include <functional>

#include "cli/trace_record.h"
#include "wasix/process.h"

namespace wasmax::cli {

/// Calls `run`, which runs a guest with `options`, while another process records it, until all is
/// written. Returns what `run` returned, or the exit code of a failure that was reported.
[[nodiscard]] int run_recorded(wasix::ProcessOptions& options, const RecordOptions& recording,
                               const std::function<int()>& run);

}  // namespace wasmax::cli
