#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "codegen/compiler.h"
#include "engine/child_task.h"
#include "launch/grants.h"
#include "wasm/types.h"

namespace CLI {
class App;
}

// Options that several commands take. What add_* is given must live until the command line is
// parsed.

namespace wasmax::cli {

/// Options of launch::grant_options() as they were given: name and value.
using GivenGrants = std::vector<std::pair<std::string, std::string>>;

void add_grant_options(CLI::App& command, GivenGrants& given);
/// Errors: invalid, a sentence about the option.
[[nodiscard]] Result<launch::Grants, Error> grants_of(const GivenGrants& given);

/// `-O0`, `-O1`, `-O2`, which are Tier::t0, t2, t3. `given` stays as it is without one.
void add_tier_option(CLI::App& command, std::optional<codegen::Tier>& given);

/// `--strict`, which is CompileOptions::strict.
void add_strict_option(CLI::App& command, bool& given);

/// `-O`, `--cpu` and `--strict`, of the commands whose result is kept: t3 unless told otherwise.
/// `given.cpu` is one of the x86-64 levels, or empty for `native`.
void add_compile_options(CLI::App& command, codegen::CompileOptions& given);

/// `--disable-FEATURE` and `--enable-FEATURE` for every proposal. `given` starts with all of them.
void add_feature_options(CLI::App& command, wasm::Features& given);

/// How a command that compiles may go about it.
struct CompileConduct {
    engine::ChildLimits limits;
    bool progress = false;  ///< shown even if stderr is no terminal
};

/// `--compile-timeout`, `--compile-memory` and `--progress`.
void add_conduct_options(CLI::App& command, CompileConduct& given);

/// An option whose value is a time: a number and `ms`, `s`, `m` or `h`, or a number of seconds;
/// more than zero.
void add_duration_option(CLI::App& command, const std::string& name,
                         std::chrono::milliseconds& given, const std::string& help);

/// Shows that something takes long: a line on stderr that changes in place on a terminal, and goes
/// when it is done. Nothing is shown elsewhere, unless `always`: then a line each second.
class ProgressLine {
public:
    /// `what` such as `compiling server.wasm`.
    ProgressLine(std::string what, bool always);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { end(); }
    void show(const engine::ProgressReport& report);
    /// Removes the line, if there is one.
    void end();

private:
    std::string what_;
    bool always_;
    bool terminal_;
    bool open_ = false;
};

}  // namespace wasmax::cli
