#include <memory>
#include <string>

#include <CLI/App.hpp>

#include "base/error.h"
#include "base/result.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "codegen/compiler.h"
#include "engine/child_task.h"
#include "engine/compile_file.h"

namespace wasmax::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  wasmax compile server.wasm -o server.wmx
  wasmax run server.wmx --net

An artifact runs with the version of wasmax that made it, on CPUs that --cpu covers.)";

struct CompileFlags {
    std::string input;
    std::string output;
    codegen::CompileOptions compile;
    CompileConduct conduct;
    std::string unknown_imports = "refuse";
};

int compile(const CompileFlags& flags) {
    ProgressLine progress("compiling " + flags.input, flags.conduct.progress);
    const auto done = engine::compile_file(
        flags.input, flags.output,
        {.compile = flags.compile,
         .progress = [&](const engine::ProgressReport& at) { progress.show(at); },
         .limits = flags.conduct.limits,
         .on_unknown_import = flags.unknown_imports == "trap" ? wasix::OnUnknownImport::trap
                                                              : wasix::OnUnknownImport::refuse});
    progress.end();
    if (!done) {
        report(done.error().message);
        return kExitFailure;
    }
    return 0;
}

}  // namespace

void add_compile(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("compile", "Compile a module to a file that starts at once");
    const auto flags = std::make_shared<CompileFlags>();
    flags->compile.cpu = engine::kPortableCpu;
    command->add_option("FILE", flags->input, "The module, in the binary or text format")
        ->required();
    command->add_option("-o,--output", flags->output, "The artifact to write")
        ->required()
        ->type_name("FILE");
    add_compile_options(*command, flags->compile);
    add_conduct_options(*command, flags->conduct);
    add_feature_options(*command, flags->compile.features);
    command
        ->add_option("--unknown-imports", flags->unknown_imports,
                     "`trap` compiles a program with imports that wasmax does not have, which "
                     "`wasmax run --unknown-imports=trap` runs")
        ->check(CLI::IsMember({"trap", "refuse"}))
        ->type_name("trap|refuse");
    command->footer(kExamples);
    command->callback([flags, &exit_code] { exit_code = compile(*flags); });
}

}  // namespace wasmax::cli
