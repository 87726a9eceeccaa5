#pragma once

#include <string>
#include <vector>

#include "launch/run_guest.h"

namespace CLI {
class App;
}

namespace wasmax::cli {

using launch::kExitFailure;
using launch::kExitUsage;

// Each command is one file. It adds its subcommand; the callback stores the process's exit code.

void add_run(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code);
void add_compile(CLI::App& app, int& exit_code);
void add_create_exe(CLI::App& app, int& exit_code);
void add_inspect(CLI::App& app, int& exit_code);
void add_cache(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_wast(CLI::App& app, int& exit_code);
void add_syscalls(CLI::App& app, int& exit_code);
void add_strace(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code);
void add_trace(CLI::App& app, const std::vector<std::string>& native_command, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);

/// `wasmax: message` and a newline, on stderr.
void report(const std::string& message);

}  // namespace wasmax::cli
