#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/commands.h"
#include "engine/module_file.h"
#include "wasm/decoder.h"

namespace wasmax::cli {
namespace {

/// Empty when the module is valid, else why it is not.
std::string problem_of(const std::string& path) {
    const auto file = engine::ModuleFile::read(path);
    if (!file) {
        return file.error().message;
    }
    const auto module = wasm::decode_module(file->bytes());
    if (!module) {
        return path + ": " + wasm::to_string(module.error());
    }
    const auto bodies = wasm::validate_functions(*module, wasm::Features::supported());
    if (!bodies) {
        return path + ": " + wasm::to_string(bodies.error());
    }
    return {};
}

}  // namespace

void add_validate(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("validate", "Check that modules are valid WebAssembly");
    const auto files = std::make_shared<std::vector<std::string>>();
    command->add_option("FILE", *files, "Modules in the binary or text format")->required();
    command->footer(
        "Examples:\n  wasmax validate server.wasm\n  wasmax validate *.wat\n\n"
        "Exits with 0 when all are valid, else 1 with a line for each that is not.");
    command->callback([files, &exit_code] {
        for (const std::string& path : *files) {
            const std::string problem = problem_of(path);
            if (!problem.empty()) {
                report(problem);
                exit_code = kExitFailure;
            }
        }
    });
}

}  // namespace wasmax::cli
