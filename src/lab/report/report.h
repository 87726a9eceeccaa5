#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

/// A table of strings, drawn by every report in its own way.
struct Table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  ///< as long as the header
};

/// The result: one row per contender.
[[nodiscard]] Table result_table(const Summary& summary);

/// The conditions and the machine, as names and values.
[[nodiscard]] Table conditions_table(const Conditions& conditions);

/// Aligned columns for a terminal; the first to the left, others to the right. Ends with a newline.
[[nodiscard]] std::string to_text(const Table& table);

/// What `wasmax bench` prints: the table and the notes.
[[nodiscard]] std::string to_text(const Summary& summary);

/// One JSON object with conditions, machine, and medians, runs and ratios of every contender.
[[nodiscard]] std::string to_json(const Summary& summary, const std::filesystem::path& directory);

/// For a README: table, notes, conditions, machine, and how to rerun it.
[[nodiscard]] std::string to_markdown(const Summary& summary);

/// Writes chart.svg, results.xlsx and summary.md into `directory`, which exists. Errors: host,
/// internal.
[[nodiscard]] Result<void, Error> write_all(const Summary& summary,
                                            const std::filesystem::path& directory);

}  // namespace wasmax::lab::report
