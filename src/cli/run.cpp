#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/App.hpp>

#include "cli/commands.h"
#include "engine/engine.h"
#include "runtime/outcome.h"
#include "wasix/process.h"

namespace wasmax::cli {
namespace {

struct RunFlags {
    std::string file;
    std::vector<std::string> arguments;
    bool net = false;
    std::vector<std::string> env;
    bool forward_host_env = false;
    std::vector<std::string> directories;  ///< HOST[:GUEST]
    std::vector<std::string> map_dirs;     ///< GUEST:HOST
};

constexpr const char* kExamples = R"(Examples:
  wasmax run hello.wat
  wasmax run server.wasm --net
  wasmax run tool.wasm --dir .:/work --env LEVEL=3 -- --verbose input.txt

What follows -- goes to the program, whose name is its first argument.
The exit code is the program's; 134 if it trapped, 128 + n if signal n ended it.)";

/// `HOST[:GUEST]`: without GUEST the guest sees the same path.
wasix::Preopen parse_directory(const std::string& text) {
    const auto colon = text.find(':');
    return colon == std::string::npos
               ? wasix::Preopen{text, text}
               : wasix::Preopen{text.substr(0, colon), text.substr(colon + 1)};
}

/// `GUEST:HOST`, or nullopt.
std::optional<wasix::Preopen> parse_map_dir(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    return wasix::Preopen{text.substr(colon + 1), text.substr(0, colon)};
}

void report_missing(wasix::Capability capability) {
    switch (capability) {
        case wasix::Capability::network:
            report("the program asked for the network, which needs --net");
            break;
        case wasix::Capability::directories:
            report("the program asked for a file, but was given no directory: --dir HOST[:GUEST]");
            break;
    }
}

/// nullopt after a report: the flags make no sense.
std::optional<wasix::ProcessOptions> process_options(const RunFlags& flags) {
    wasix::ProcessOptions options;
    options.args.push_back(flags.file);
    options.args.insert(options.args.end(), flags.arguments.begin(), flags.arguments.end());
    if (flags.forward_host_env) {
        for (char** entry = environ; *entry != nullptr; ++entry) {
            options.env.emplace_back(*entry);
        }
    }
    for (const std::string& entry : flags.env) {
        const auto equals = entry.find('=');
        if (equals == std::string::npos || equals == 0) {
            report("--env takes NAME=VALUE, not `" + entry + "`");
            return std::nullopt;
        }
        std::erase_if(options.env, [&](const std::string& other) {
            return other.starts_with(entry.substr(0, equals + 1));
        });
        options.env.push_back(entry);
    }
    for (const std::string& text : flags.directories) {
        options.preopens.push_back(parse_directory(text));
    }
    for (const std::string& text : flags.map_dirs) {
        const auto preopen = parse_map_dir(text);
        if (!preopen) {
            report("--mapdir takes GUEST:HOST, not `" + text + "`");
            return std::nullopt;
        }
        options.preopens.push_back(*preopen);
    }
    options.network = flags.net ? wasix::Network::all : wasix::Network::none;
    options.on_missing_capability = report_missing;
    return options;
}

/// Ends the process as a shell reports a signal, without a core and without unwinding the guest.
void end_on_signal(int number) { ::_exit(128 + number); }

void handle_termination() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction current{};
        ::sigaction(number, nullptr, &current);
        if (current.sa_handler == SIG_IGN) {
            continue;  // started with nohup or in the background of a script
        }
        struct sigaction action{};
        action.sa_handler = end_on_signal;
        ::sigaction(number, &action, nullptr);
    }
}

/// A line on stderr that grows old in place on a terminal, and is printed once elsewhere.
void show_progress(const std::string& file, std::chrono::seconds elapsed) {
    const std::string line =
        "wasmax: compiling " + file + " ... " + std::to_string(elapsed.count()) + " s";
    if (::isatty(STDERR_FILENO) != 0) {
        std::fputs(("\r" + line).c_str(), stderr);
    } else if (elapsed.count() == 1) {
        std::fputs((line + "\n").c_str(), stderr);
    }
}

int exit_code_of(const wasix::Outcome& outcome) {
    if (const auto* exited = std::get_if<wasix::Exited>(&outcome)) {
        return exited->code;
    }
    if (const auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
        report(runtime::to_string(trapped->trap));
        return kExitTrap;
    }
    return 0;
}

int run_guest(const RunFlags& flags) {
    auto options = process_options(flags);
    if (!options) {
        return kExitUsage;
    }
    handle_termination();
    bool progress_shown = false;
    const auto program = engine::Program::load(
        flags.file, {.compile = {}, .progress = [&](std::chrono::seconds elapsed) {
                         show_progress(flags.file, elapsed);
                         progress_shown = ::isatty(STDERR_FILENO) != 0;
                     }});
    if (progress_shown) {
        std::fputs("\n", stderr);
    }
    if (!program) {
        report(program.error().message);
        return kExitFailure;
    }
    const auto outcome = program->run(*std::move(options));
    if (!outcome) {
        report(outcome.error().message);
        return kExitFailure;
    }
    return exit_code_of(*outcome);
}

}  // namespace

void add_run(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code) {
    auto* command = app.add_subcommand("run", "Run a WASIX or WASI program");
    const auto flags = std::make_shared<RunFlags>();
    command->add_option("FILE", flags->file, "The program, in the binary or text format")
        ->required();
    command->add_option("ARGUMENTS", flags->arguments,
                        "Arguments of the program (those that begin with - go after --)");
    command->add_flag("--net", flags->net, "Let the program use the host's network");
    command->add_option("--env", flags->env, "Give the program an environment variable")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    command->add_flag("--forward-host-env", flags->forward_host_env,
                      "Give the program all variables of this environment");
    command
        ->add_option(
            "--dir,--volume", flags->directories,
            "Give the program a directory of the host, under another name if GUEST is given")
        ->type_name("HOST[:GUEST]")
        ->allow_extra_args(false);
    command->add_option("--mapdir", flags->map_dirs, "The same, the guest's name first")
        ->type_name("GUEST:HOST")
        ->allow_extra_args(false);
    command->footer(kExamples);
    command->callback([flags, &guest_arguments, &exit_code] {
        flags->arguments.insert(flags->arguments.end(), guest_arguments.begin(),
                                guest_arguments.end());
        exit_code = run_guest(*flags);
    });
}

}  // namespace wasmax::cli
