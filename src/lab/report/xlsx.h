#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/result.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

/// Writes a workbook with the sheets Results (a row per contender, every metric's median, and
/// native charts), Runs (a row per measurement) and Conditions. Errors: internal, with the path.
[[nodiscard]] Result<void, Error> write_xlsx(const Summary& summary,
                                             const std::filesystem::path& path);

}  // namespace wasmax::lab::report
