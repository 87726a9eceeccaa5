#include "cli/options.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "cli/commands.h"
#include "codegen/compiler.h"
#include "engine/child_task.h"
#include "launch/duration.h"
#include "launch/grants.h"

namespace wasmax::cli {

namespace {

/// A flag that may also be given as `--NAME=VALUE`; what follows it is never its value.
void add_option_with_optional_value(CLI::App& command, const launch::GrantOption& row,
                                    GivenGrants& given) {
    const std::string name(row.name);
    const auto values = std::make_shared<std::vector<std::string>>();
    // CLI11 gives a flag without a value the text `true`.
    command.add_flag("--" + name, *values, std::string(row.help))
        ->each([&given, name, values](const std::string& value) {
            given.emplace_back(name, value == "true" ? "" : value);
        })
        ->option_text("[=" + std::string(row.value) + "]");
}

}  // namespace

void add_grant_options(CLI::App& command, GivenGrants& given) {
    for (const launch::GrantOption& row : launch::grant_options()) {
        const std::string name(row.name);
        const std::string help(row.help);
        const std::string spellings = "--" + name;
        if (row.value.empty()) {
            command.add_flag_callback(
                spellings, [&given, name] { given.emplace_back(name, ""); }, help);
            continue;
        }
        if (row.value_is_optional) {
            add_option_with_optional_value(command, row, given);
            continue;
        }
        command
            .add_option_function<std::vector<std::string>>(
                spellings,
                [&given, name](const std::vector<std::string>& values) {
                    for (const std::string& value : values) {
                        given.emplace_back(name, value);
                    }
                },
                help)
            ->type_name(std::string(row.value))
            ->allow_extra_args(false);
    }
}

Result<launch::Grants, Error> grants_of(const GivenGrants& given) {
    launch::Grants grants;
    for (const auto& [name, value] : given) {
        TRY(launch::grant(grants, name, value, "--" + name));
    }
    return grants;
}

namespace {

/// The levels of -O, and the tiers by their names.
const std::map<std::string, codegen::Tier>& tiers() {
    static const std::map<std::string, codegen::Tier> names{
        {"0", codegen::Tier::t0},  {"1", codegen::Tier::t2},  {"2", codegen::Tier::t3},
        {"t0", codegen::Tier::t0}, {"t2", codegen::Tier::t2}, {"t3", codegen::Tier::t3}};
    return names;
}

void add_tier_option(CLI::App& command, const std::string& help,
                     std::function<void(codegen::Tier)> use) {
    command
        .add_option_function<std::string>(
            "-O,--tier",
            [use = std::move(use)](const std::string& level) { use(tiers().at(level)); }, help)
        ->check(
            [](const std::string& level) {
                return tiers().contains(level)
                           ? std::string()
                           : "takes 0, 1 or 2 (tiers t0, t2, t3), not `" + level + "`";
            },
            "")
        ->type_name("LEVEL");
}

constexpr const char* kLevels =
    "-O0 compiles fast, -O1 makes code as fast as native code without vectors, -O2 vectorizes and "
    "takes twice as long";

}  // namespace

void add_tier_option(CLI::App& command, std::optional<codegen::Tier>& given) {
    add_tier_option(command,
                    std::string("How much to optimize: ") + kLevels +
                        " (default -O1; -O0 for the first run of large modules)",
                    [&given](codegen::Tier tier) { given = tier; });
}

void add_strict_option(CLI::App& command, bool& given) {
    command.add_flag("--strict", given,
                     "Keep accesses to memory that nothing depends on but a trap; slower");
}

void add_compile_options(CLI::App& command, codegen::CompileOptions& given) {
    given.tier = codegen::Tier::t3;
    add_tier_option(command, std::string("How much to optimize: ") + kLevels + " (default)",
                    [&given](codegen::Tier tier) { given.tier = tier; });
    static const std::map<std::string, std::string> cpus{{"x86-64-v2", "x86-64-v2"},
                                                         {"x86-64-v3", "x86-64-v3"},
                                                         {"x86-64-v4", "x86-64-v4"},
                                                         {"native", ""}};
    command
        .add_option("--cpu", given.cpu,
                    "What the code may use: x86-64-v2, x86-64-v3 (default; CPUs since 2013), "
                    "x86-64-v4, or native, which runs on this machine and better ones")
        ->transform(CLI::CheckedTransformer(cpus).description(""))
        ->type_name("NAME");
    add_strict_option(command, given.strict);
}

void add_duration_option(CLI::App& command, const std::string& name,
                         std::chrono::milliseconds& given, const std::string& help) {
    command
        .add_option_function<std::string>(
            name, [&given](const std::string& text) { given = *launch::parse_duration(text); },
            help)
        ->check(
            [](const std::string& text) {
                return launch::parse_duration(text)
                           ? std::string()
                           : "takes " + std::string(launch::kDurationForms) + ", not `" + text +
                                 "`";
            },
            "")
        ->type_name("DURATION");
}

void add_conduct_options(CLI::App& command, CompileConduct& given) {
    add_duration_option(command, "--compile-timeout", given.limits.time,
                        "Give up when compiling takes longer, such as 30s");
    command
        .add_option_function<std::uint64_t>(
            "--compile-memory",
            [&given](std::uint64_t mebibytes) { given.limits.memory = Bytes{mebibytes * kMiB}; },
            "Give up when compiling needs more memory (default: 3/4 of what is free)")
        ->check(CLI::Range(std::uint64_t{16}, std::uint64_t{1} << 30U).description(""))
        ->type_name("MIB");
    command.add_flag("--progress", given.progress,
                     "Say each second how far compiling is, even if stderr is no terminal");
}

ProgressLine::ProgressLine(std::string what, bool always)
    : what_(std::move(what)), always_(always), terminal_(::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const engine::ProgressReport& report) {
    if (!terminal_ && !always_) {
        return;
    }
    const std::string share = report.done ? fmt::format("{:.0f} %, ", *report.done * 100) : "";
    const std::string line =
        fmt::format("wasmax: {} ... {}{} s", what_, share, report.elapsed.count());
    std::fputs((terminal_ ? "\r" + line + "\x1b[K" : line + "\n").c_str(), stderr);
    open_ = terminal_;
}

void ProgressLine::end() {
    if (open_) {
        std::fputs("\r\x1b[K", stderr);
        open_ = false;
    }
}

}  // namespace wasmax::cli
