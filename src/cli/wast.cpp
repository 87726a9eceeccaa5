#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/result.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/wast/runner.h"
#include "cli/wast/script.h"
#include "codegen/compiler.h"
#include "engine/compiler.h"
#include "wasm/types.h"

namespace wasmax::cli {
namespace {

struct WastOptions {
    std::vector<std::string> paths;
    std::optional<codegen::Tier> tier;
    bool as_run = false;
    wasm::Features features = wasm::Features::supported();
    bool json = false;
};

struct Totals {
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;
};

/// A script that cannot be read or set up counts as one failure.
wast::Report run_script(const engine::Compiler& compiler, const std::string& path,
                        const WastOptions& given) {
    const auto failure = [](const std::string& message) {
        return wast::Report{.failed = 1, .failures = {message}};
    };
    const auto script = wast::Script::read(path);
    if (!script) {
        return failure(script.error().message);
    }
    // The suite asserts every trap, so no access may be optimized away.
    codegen::CompileOptions options;
    options.features = given.features;
    options.tier = given.tier.value_or(codegen::Tier::t2);
    options.strict = !given.as_run;
    options.threads = 1;  // its modules are tiny
    const auto runner = wast::Runner::create(compiler, options, *script);
    if (!runner) {
        return failure(runner.error().message);
    }
    return (*runner)->run();
}

void print(const std::string& path, const wast::Report& report, const WastOptions& options) {
    if (options.json) {
        const nlohmann::json line{{"script", path},
                                  {"passed", report.passed},
                                  {"failed", report.failed},
                                  {"skipped", report.skipped},
                                  {"unsupported", report.unsupported},
                                  {"failures", report.failures}};
        std::puts(line.dump().c_str());
        return;
    }
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < report.failures.size() && i < kShown; ++i) {
        std::puts(fmt::format("{}: {}", path, report.failures[i]).c_str());
    }
    if (report.failures.size() > kShown) {
        std::puts(fmt::format("{}: and {} more", path, report.failures.size() - kShown).c_str());
    }
    if (report.unsupported != 0) {
        std::puts(
            fmt::format("{}: {} skipped: a module uses the GC proposal, which wasmax does not "
                        "support",
                        path, report.unsupported)
                .c_str());
    }
}

Result<Totals, Error> run_all(const WastOptions& options) {
    const engine::Compiler compiler = TRY(engine::Compiler::load());
    Totals totals;
    for (const std::string& path : options.paths) {
        for (const std::string& script : TRY(wast::find_scripts(path))) {
            const wast::Report report = run_script(compiler, script, options);
            print(script, report, options);
            totals.passed += report.passed;
            totals.failed += report.failed;
            totals.skipped += report.skipped;
        }
    }
    return totals;
}

void run_command(const WastOptions& options, int& exit_code) {
    const auto totals = run_all(options);
    if (!totals) {
        report(totals.error().message);
        exit_code = kExitFailure;
        return;
    }
    if (!options.json) {
        const std::string skipped =
            totals->skipped == 0 ? "" : fmt::format(", {} skipped", totals->skipped);
        std::puts(
            fmt::format("{} passed, {} failed{}", totals->passed, totals->failed, skipped).c_str());
    }
    if (totals->failed != 0 || totals->passed + totals->skipped == 0) {
        exit_code = kExitFailure;
    }
}

}  // namespace

void add_wast(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("wast", "Run scripts of the WebAssembly test suite");
    const auto options = std::make_shared<WastOptions>();
    command
        ->add_option("PATH", options->paths,
                     "A .wast script, a converted command list (.json), or a directory of either")
        ->required();
    add_tier_option(*command, options->tier);
    command->add_flag(
        "--as-run", options->as_run,
        "Compile as `run` does: loads whose value is not used may vanish, traps included");
    add_feature_options(*command, options->features);
    command->add_flag("--json", options->json, "One JSON object per script instead of text");
    command->footer(
        "Examples:\n  wasmax wast i32.wast\n  wasmax wast spec/json/core\n\n"
        "Skipped are assertions about the text format, and those on modules that use the GC "
        "proposal. Exits with 1 when any assertion failed.");
    command->callback([options, &exit_code] { run_command(*options, exit_code); });
}

}  // namespace wasmax::cli
