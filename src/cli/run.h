#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/trace_record.h"
#include "codegen/compiler.h"
#include "wasm/types.h"

namespace CLI {
class App;
}

namespace wasmax::cli {

/// Options of commands that run a program.
struct RunFlags {
    std::string file;
    std::vector<std::string> arguments;
    GivenGrants grants;
    std::optional<codegen::Tier> tier;
    wasm::Features features = wasm::Features::supported();
    bool strict = false;
    bool no_cache = false;
    std::string function;  ///< instead of _start
    bool debug = false;
    bool perf_map = false;
    CompileConduct conduct;
    std::string trace;  ///< of --trace; empty: not given
    std::string trace_limit;
    std::optional<RecordOptions> live{};  ///< what to record instead
};

/// The program, its arguments, and everything that says how it is run.
void add_program_options(CLI::App& app, const std::shared_ptr<RunFlags>& flags);

/// Runs a program, and records it if wanted. Returns the exit code.
[[nodiscard]] int run_file(const RunFlags& flags);

}  // namespace wasmax::cli
