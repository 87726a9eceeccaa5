#pragma once

#include <filesystem>
#include <span>

#include "base/error.h"
#include "base/result.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

/// Writes a workbook: a sheet per workload, named after it, with a row per server (requests per
/// second of each run side by side, their median, and what else one compares) and native charts;
/// then Medians (every metric), Runs (a row per measurement that counts), Absent and Conditions.
/// `summaries` is not empty. Errors: internal, with the path.
[[nodiscard]] Result<void, Error> write_xlsx(std::span<const Summary> summaries,
                                             const std::filesystem::path& path);

}  // namespace wasmax::lab::report
