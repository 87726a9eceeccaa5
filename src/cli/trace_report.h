#pragma once

#include <string>

#include "base/error.h"
#include "base/result.h"
#include "cli/trace_output.h"
#include "trace/analysis.h"
#include "trace/file_reader.h"

namespace wasmax::cli {

/// Options of `wasmax trace report`.
struct ReportFlags {
    std::string file;
    trace::GroupBy by = trace::GroupBy::call;
    std::string since;
    std::string format = "table";
    std::string output;
    bool explain = false;
    std::string against;  ///< the native twin's recording, or empty
};

/// Writes the report; returns the exit code.
[[nodiscard]] int run_report(const ReportFlags& flags);
/// A sentence that lists the formats.
[[nodiscard]] std::string report_formats_help();

/// What a format makes its text of.
struct ReportInput {
    const trace::FileReader& file;
    const trace::Analysis& analysis;
    std::string key_title;  ///< of what a row stands for: `call`
};

// Formats that are functions from a recording to text.
[[nodiscard]] std::string table_report(const ReportInput& input);
[[nodiscard]] std::string json_report(const ReportInput& input);
[[nodiscard]] std::string csv_report(const ReportInput& input);
[[nodiscard]] std::string folded_report(const ReportInput& input);
[[nodiscard]] std::string svg_report(const ReportInput& input);
[[nodiscard]] std::string html_report(const ReportInput& input);

// Formats with a part per call: written as they are made, however long the recording is.
void log_report(const ReportInput& input, ReportOutput& output);
void strace_report(const ReportInput& input, ReportOutput& output);
void perfetto_report(const ReportInput& input, ReportOutput& output);

/// The calls that failed, each with the rule it broke.
[[nodiscard]] std::string explain_report(const ReportInput& input);

/// The recording beside that of its native twin.
[[nodiscard]] std::string comparison_report(const ReportInput& input,
                                            const trace::Analysis& native);

/// `badf 3, again 1`
[[nodiscard]] std::string errors_text(const trace::FileReader& file, const trace::Row& row);

}  // namespace wasmax::cli
