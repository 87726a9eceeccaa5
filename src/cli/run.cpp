#include "cli/run.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/App.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/trace_record.h"
#include "cli/trace_run.h"
#include "codegen/compiler.h"
#include "engine/cache.h"
#include "engine/child_task.h"
#include "engine/engine.h"
#include "launch/grants.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "runtime/debugger.h"
#include "wasm/types.h"

namespace wasmax::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  wasmax run hello.wat
  wasmax run server.wasm --net
  wasmax run tool.wasm --dir .:/work --env LEVEL=3 -- --verbose input.txt
  wasmax run server.wmx --net                    compiled before, with `wasmax compile`
  wasmax run --invoke fib fib.wat 30             prints what the function returns

What follows -- goes to the program, whose name is its first argument.
The exit code is the program's; 134 if it trapped, 128 + n if signal n ended it.)";

/// For debuggers and profilers. False: it could not be done, and was reported.
bool describe_code(const RunFlags& flags, const runtime::Artifact& artifact) {
    if (flags.debug || runtime::is_debugged()) {
        runtime::describe_to_debugger(artifact);
    }
    const auto written = flags.perf_map ? runtime::write_perf_map(artifact) : Result<void, Error>{};
    if (!written) {
        report(written.error().message);
    }
    return written.has_value();
}

int run_program(const RunFlags& flags, const launch::Grants& grants, const engine::Program& program,
                const std::optional<RecordOptions>& recording) {
    const bool invokes = !flags.function.empty();
    std::vector<std::string> arguments{flags.file};
    if (!invokes) {
        arguments.insert(arguments.end(), flags.arguments.begin(), flags.arguments.end());
    }
    const launch::Frontend frontend{
        .option_prefix = "--", .report = report, .trap_exit_code = grants.trap_exit_code};
    wasix::ProcessOptions options = launch::process_options(grants, std::move(arguments), frontend);
    const launch::GuestLimits limits = launch::guest_limits(grants);
    const auto run = [&] {
        if (!invokes) {
            return launch::exit_code(program.run(std::move(options), limits), frontend);
        }
        std::string results;
        const auto outcome =
            program.invoke(std::move(options), limits,
                           {.function = flags.function, .arguments = flags.arguments}, results);
        std::fputs(results.c_str(), stdout);
        return launch::exit_code(outcome, frontend);
    };
    return recording ? run_recorded(options, *recording, run) : run();
}

}  // namespace

int run_file(const RunFlags& flags) {
    const auto grants = grants_of(flags.grants);
    if (!grants) {
        report(grants.error().message);
        return kExitUsage;
    }
    std::optional<RecordOptions> recording = flags.live;
    if (!flags.trace.empty()) {
        // CLI11 says `true` for --trace without a value.
        recording = record_options(flags.trace == "true" ? std::string() : flags.trace);
        if (!flags.trace_limit.empty()) {
            const auto limit = parse_size(flags.trace_limit);
            if (!limit) {
                report("--trace-limit: " + limit.error().message);
                return kExitUsage;
            }
            recording->limit = *limit;
        }
    }
    launch::handle_signals();
    ProgressLine progress("compiling " + flags.file, flags.conduct.progress);
    const auto program = engine::Program::load(
        flags.file, {.compile = {.features = flags.features,
                                 .tier = flags.tier.value_or(codegen::Tier::t2),
                                 .strict = flags.strict},
                     .large_starts_on_t0 = !flags.tier,
                     .progress = [&](const engine::ProgressReport& at) { progress.show(at); },
                     .limits = flags.conduct.limits,
                     .cache = flags.no_cache ? std::nullopt : engine::Cache::open_default(),
                     .on_unknown_import = grants->on_unknown_import});
    progress.end();
    if (!program) {
        report(program.error().message);
        return kExitFailure;
    }
    if (!describe_code(flags, program->artifact())) {
        return kExitFailure;
    }
    return run_program(flags, *grants, *program, recording);
}

int run_recorded(wasix::ProcessOptions& options, const RecordOptions& recording,
                 const std::function<int()>& run) {
    const auto target = launch::make_trace_target();
    if (!target) {
        report(target.error().message);
        return kExitFailure;
    }
    auto recorder = RecorderProcess::start(**target, recording);
    if (!recorder) {
        report(recorder.error().message);
        return kExitFailure;
    }
    options.trace = target->get();
    const int code = run();
    recorder->finish(**target);
    return code;
}

void add_program_options(CLI::App& app, const std::shared_ptr<RunFlags>& flags) {
    CLI::App* const command = &app;
    command
        ->add_option("FILE", flags->file,
                     "The program: a module in the binary or text format, or an artifact")
        ->required();
    command->add_option("ARGUMENTS", flags->arguments,
                        "Arguments of the program (those that begin with - go after --)");
    add_grant_options(*command, flags->grants);
    add_tier_option(*command, flags->tier);
    add_strict_option(*command, flags->strict);
    add_conduct_options(*command, flags->conduct);
    add_feature_options(*command, flags->features);
    // wasmer's word for --no-cache.
    command->add_flag("--no-cache,--disable-cache", flags->no_cache,
                      "Compile even if the cache has the result, and do not keep it");
    command
        ->add_option("--invoke", flags->function,
                     "Call this exported function instead of _start, with ARGUMENTS as numbers, "
                     "and print its results")
        ->option_text("FUNCTION");
    command->add_flag("-g,--debug", flags->debug,
                      "Let a debugger that attaches later see the program's functions (one that "
                      "started it does anyway)");
    command
        ->add_option_function<std::string>(
            "--profiler", [flags](const std::string&) { flags->perf_map = true; },
            "perfmap: write /tmp/perf-PID.map (perf finds the functions of cached code without)")
        ->check(CLI::IsMember({"perfmap"}))
        ->option_text("NAME");
}

void add_run(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code) {
    auto* command = app.add_subcommand("run", "Run a WASIX or WASI program");
    const auto flags = std::make_shared<RunFlags>();
    add_program_options(*command, flags);
    command->add_flag("--trace", flags->trace,
                      "Record every system call into FILE (wasmax.trace), or with "
                      "`aggregate[:FILE]` only counts and histograms; see `wasmax trace`");
    command
        ->add_option("--trace-limit", flags->trace_limit,
                     "How large the trace may get: the latest part is kept (default 4G; 0: none)")
        ->type_name("SIZE");
    command->footer(kExamples);
    command->callback([flags, &guest_arguments, &exit_code] {
        flags->arguments.insert(flags->arguments.end(), guest_arguments.begin(),
                                guest_arguments.end());
        exit_code = run_file(*flags);
    });
}

}  // namespace wasmax::cli
