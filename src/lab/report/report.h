#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

/// A table of strings, drawn by every report in its own way.
struct Table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  ///< as long as the header
};

/// The result: one row per contender.
[[nodiscard]] Table result_table(const Summary& summary);

/// Contenders that were not measured, and why; no rows: all were.
[[nodiscard]] Table absence_table(const Summary& summary);

/// The conditions and the machine, as names and values.
[[nodiscard]] Table conditions_table(const Conditions& conditions);

/// How intervals were made, as a sentence; empty when there is none.
[[nodiscard]] std::string interval_note(const Summary& summary);

/// Aligned columns for a terminal; the first to the left, others to the right. Ends with a newline.
[[nodiscard]] std::string to_text(const Table& table);

/// What `wasmax bench` prints: the table and the notes of each experiment.
[[nodiscard]] std::string to_text(std::span<const Summary> summaries);

/// One JSON object with conditions, machine, and medians, runs and ratios of every contender.
[[nodiscard]] std::string to_json(std::span<const Summary> summaries,
                                  const std::filesystem::path& directory);

/// For a README: tables, notes, conditions, machine.
[[nodiscard]] std::string to_markdown(std::span<const Summary> summaries);

/// One self-contained page: charts one can hover, tables, conditions; light and dark, printable.
[[nodiscard]] std::string to_html(std::span<const Summary> summaries);

/// Writes report.html, chart-WORKLOAD.svg and .png, results.xlsx and summary.md into `directory`,
/// which exists. Without a program that draws PNGs, or once interrupted, there are none, and
/// `progress` says why. `summaries` is not empty. Errors: host, internal.
[[nodiscard]] Result<void, Error> write_all(std::span<const Summary> summaries,
                                            const std::filesystem::path& directory,
                                            Interrupt& interrupt, Progress& progress);

}  // namespace wasmax::lab::report
