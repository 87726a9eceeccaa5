#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wasmax::cli {

/// Exit codes of wasmax itself; a guest's own code is passed through.
inline constexpr int kExitFailure = 1;  ///< wasmax could not do it; a sentence is on stderr
inline constexpr int kExitUsage = 2;    ///< the command line is wrong
inline constexpr int kExitTrap = 134;  ///< the guest trapped: 128 + SIGABRT, as a crash of a native

// Each command is one file. It adds its subcommand; the callback stores the process's exit code.

void add_run(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_wast(CLI::App& app, int& exit_code);
void add_syscalls(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);

/// `wasmax: message` and a newline, on stderr.
void report(const std::string& message);

}  // namespace wasmax::cli
