#pragma once

#include <filesystem>
#include <vector>

#include "lab/summary.h"

namespace CLI {
class App;
}

// The parts of `wasmax bench`, one file each.

namespace wasmax::cli {

/// `bench report`: all reports of a directory once more, from its samples.
void add_bench_report(CLI::App& bench, int& exit_code);
/// `bench compare`: two directories, with intervals; exit code 1 on a regression.
void add_bench_compare(CLI::App& bench, int& exit_code);
/// `bench load`: the open-loop generator.
void add_bench_load(CLI::App& bench, int& exit_code);

/// What a run prints at its end.
void print_summaries(const std::vector<lab::Summary>& summaries,
                     const std::filesystem::path& directory, bool json);

}  // namespace wasmax::cli
