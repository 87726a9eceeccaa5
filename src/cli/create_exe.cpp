#include "engine/create_exe.h"

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
#include "launch/embedded.h"

namespace wasmax::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  wasmax create-exe server.wasm -o server --net
  ./server                                       needs nothing else, on any x86-64 Linux
  wasmax create-exe tool.wasm -o tool
  ./tool --wasmax-dir=.:/work --verbose input.txt

What is granted here is granted wherever the executable runs. It takes the same options spelled
--wasmax-net, --wasmax-dir=HOST[:GUEST] and so on, or variables such as WASMAX_NET=1; all its other
arguments are the program's. --wasmax-help lists them.)";

struct CreateExeFlags {
    std::string input;
    std::string output;
    GivenGrants grants;
    codegen::CompileOptions compile;
    CompileConduct conduct;
    bool no_check = false;
};

/// Spelled as on the executable's own command line.
std::string built_in_options(const GivenGrants& given) {
    std::string options;
    for (const auto& [name, value] : given) {
        options += launch::kOptionPrefix + name + (value.empty() ? "" : "=" + value) + '\0';
    }
    return options;
}

int create_exe(const CreateExeFlags& flags) {
    const auto grants = grants_of(flags.grants);
    if (!grants) {
        report(grants.error().message);
        return kExitUsage;
    }
    ProgressLine progress("compiling " + flags.input, flags.conduct.progress);
    const auto done = engine::create_executable(
        flags.input, flags.output,
        {.load = {.compile = flags.compile,
                  .progress = [&](const engine::ProgressReport& at) { progress.show(at); },
                  .limits = flags.conduct.limits,
                  .on_unknown_import = grants->on_unknown_import},
         .built_in = built_in_options(flags.grants),
         .check = !flags.no_check});
    progress.end();
    if (!done) {
        report(done.error().message);
        return kExitFailure;
    }
    return 0;
}

}  // namespace

void add_create_exe(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("create-exe", "Make a program an executable of its own");
    const auto flags = std::make_shared<CreateExeFlags>();
    flags->compile.cpu = engine::kPortableCpu;
    command
        ->add_option("FILE", flags->input,
                     "The program: a module in the binary or text format, or an artifact")
        ->required();
    command->add_option("-o,--output", flags->output, "The executable to write")
        ->required()
        ->type_name("FILE");
    add_grant_options(*command, flags->grants);
    add_compile_options(*command, flags->compile);
    add_conduct_options(*command, flags->conduct);
    add_feature_options(*command, flags->compile.features);
    command->add_flag("--no-check", flags->no_check, "Do not run the executable's self-check");
    command->footer(kExamples);
    command->callback([flags, &exit_code] { exit_code = create_exe(*flags); });
}

}  // namespace wasmax::cli
