#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "engine/module_file.h"
#include "wasm/decoder.h"
#include "wasm/types.h"

namespace wasmax::cli {
namespace {

struct ValidateFlags {
    std::vector<std::string> files;
    wasm::Features features = wasm::Features::supported();
};

/// Empty when the module is valid, else why it is not.
std::string problem_of(const std::string& path, wasm::Features features) {
    const auto file = engine::ModuleFile::read(path);
    if (!file) {
        return file.error().message;
    }
    const auto module = wasm::decode_module(file->bytes(), {.features = features});
    if (!module) {
        return path + ": " + wasm::to_string(module.error());
    }
    const auto bodies = wasm::validate_functions(*module, features);
    if (!bodies) {
        return path + ": " + wasm::to_string(bodies.error());
    }
    return {};
}

}  // namespace

void add_validate(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("validate", "Check that modules are valid WebAssembly");
    const auto flags = std::make_shared<ValidateFlags>();
    command->add_option("FILE", flags->files, "Modules in the binary or text format")->required();
    add_feature_options(*command, flags->features);
    command->footer(
        "Examples:\n  wasmax validate server.wasm\n  wasmax validate *.wat\n"
        "  wasmax validate --disable-simd --disable-threads tool.wasm\n\n"
        "Exits with 0 when all are valid, else 1 with a line for each that is not.");
    command->callback([flags, &exit_code] {
        for (const std::string& path : flags->files) {
            const std::string problem = problem_of(path, flags->features);
            if (!problem.empty()) {
                report(problem);
                exit_code = kExitFailure;
            }
        }
    });
}

}  // namespace wasmax::cli
