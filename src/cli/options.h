#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "codegen/compiler.h"
#include "launch/grants.h"

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

/// `--tier` and `--cpu`. `given.cpu` is one of the x86-64 levels, or empty for `native`.
void add_compile_options(CLI::App& command, codegen::CompileOptions& given);

/// Shows that something takes long: a line on stderr that grows old in place on a terminal and is
/// printed once elsewhere.
class ProgressLine {
public:
    /// `what` such as `compiling server.wasm`.
    explicit ProgressLine(std::string what) : what_(std::move(what)) {}
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { end(); }
    void show(std::chrono::seconds elapsed);
    /// Leaves the line, if there is one.
    void end();

private:
    std::string what_;
    bool open_ = false;
};

}  // namespace wasmax::cli
