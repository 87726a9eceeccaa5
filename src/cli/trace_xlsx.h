#pragma once

#include <string>

#include "base/error.h"
#include "base/result.h"
#include "cli/trace_report.h"

namespace wasmax::cli {

/// Writes the report as a spreadsheet, with the chart of busy and idle. Errors: internal.
[[nodiscard]] Result<void, Error> write_xlsx(const ReportInput& input, const std::string& path);

}  // namespace wasmax::cli
