#include "cli/options.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>

#include "base/error.h"
#include "base/result.h"
#include "cli/commands.h"
#include "codegen/compiler.h"
#include "launch/grants.h"

namespace wasmax::cli {

void add_grant_options(CLI::App& command, GivenGrants& given) {
    for (const launch::GrantOption& row : launch::grant_options()) {
        const std::string name(row.name);
        const std::string help(row.help);
        // wasmer's word for --dir.
        const std::string spellings = "--" + name + (name == "dir" ? ",--volume" : "");
        if (row.value.empty()) {
            command.add_flag_callback(
                spellings, [&given, name] { given.emplace_back(name, ""); }, help);
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

void add_compile_options(CLI::App& command, codegen::CompileOptions& given) {
    static const std::map<std::string, codegen::Tier> tiers{
        {"t0", codegen::Tier::t0}, {"t2", codegen::Tier::t2}, {"t3", codegen::Tier::t3}};
    command
        .add_option("--tier", given.tier,
                    "How much to optimize: t0 (fast to compile), t2, or t3 (fast to run)")
        ->transform(CLI::CheckedTransformer(tiers).description(""))
        ->type_name("TIER");
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
}

void ProgressLine::show(std::chrono::seconds elapsed) {
    const std::string line = "wasmax: " + what_ + " ... " + std::to_string(elapsed.count()) + " s";
    if (::isatty(STDERR_FILENO) != 0) {
        std::fputs(("\r" + line).c_str(), stderr);
        open_ = true;
    } else if (elapsed.count() == 1) {
        std::fputs((line + "\n").c_str(), stderr);
    }
}

void ProgressLine::end() {
    if (open_) {
        std::fputs("\n", stderr);
        open_ = false;
    }
}

}  // namespace wasmax::cli
