#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Error.hpp>
#include <CLI/Formatter.hpp>

#include "base/nearest.h"
#include "cli/commands.h"

namespace wasmax::cli {

void report(const std::string& message) {
    std::fputs(("wasmax: " + message + "\n").c_str(), stderr);
}

namespace {

constexpr const char* kFooter = R"(Examples:
  wasmax run server.wasm --net               run a server
  wasmax run tool.wasm --dir . -- --verbose  options after -- are the program's
  wasmax server.wasm --net                   the same as run
  wasmax validate module.wat                 check a module

`wasmax COMMAND --help` tells more about a command.)";

/// Splits at the first `--`: what follows is the guest's and never ours.
std::vector<std::string> take_guest_arguments(std::vector<std::string>& arguments) {
    const auto separator = std::find(arguments.begin(), arguments.end(), "--");
    if (separator == arguments.end()) {
        return {};
    }
    std::vector<std::string> guest(std::next(separator), arguments.end());
    arguments.erase(separator, arguments.end());
    return guest;
}

bool is_file(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    return names;
}

bool is_command(const CLI::App& app, const std::string& word) {
    const std::vector<std::string> names = command_names(app);
    return std::find(names.begin(), names.end(), word) != names.end();
}

/// `wasmax FILE ...` means `wasmax run FILE ...`.
void insert_run(const CLI::App& app, std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments.front().starts_with('-') ||
        is_command(app, arguments.front())) {
        return;
    }
    const std::string& word = arguments.front();
    if (is_file(word) || word.ends_with(".wasm") || word.ends_with(".wat") ||
        word.ends_with(".wmx")) {
        arguments.insert(arguments.begin(), "run");
    }
}

std::vector<std::string> known_flags(const CLI::App& command) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            flags.push_back("--" + name);
        }
    }
    return flags;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::optional<std::string_view> close = nearest(word, views);
    return close ? "; did you mean `" + std::string(*close) + "`?" : std::string();
}

/// A sentence for a word that nothing expected, with the nearest one that would have been.
std::string explain_unexpected(const CLI::App& app, std::string word) {
    const auto chosen = app.get_subcommands();
    if (chosen.empty()) {
        if (word.starts_with('-')) {
            return "unknown option `" + word + "`" + did_you_mean(word, known_flags(app));
        }
        return "unknown command `" + word + "`" + did_you_mean(word, command_names(app)) +
               " (and there is no such file)";
    }
    word = word.substr(0, word.find('='));
    std::string message = "unknown option `" + word + "` for `wasmax " +
                          chosen.front()->get_name() + "`" +
                          did_you_mean(word, known_flags(*chosen.front()));
    if (chosen.front()->get_name() == "run") {
        message += " (options of the program go after `--`)";
    }
    return message;
}

int explain(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
        return app.exit(error);  // --help, --version
    }
    const auto chosen = app.get_subcommands();
    // Before a command, an unknown option makes CLI11 miss the command instead.
    if (chosen.empty() || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        const std::vector<std::string> words = app.remaining(true);
        if (!words.empty()) {
            report(explain_unexpected(app, words.front()));
            return kExitUsage;
        }
    }
    report(std::string(error.what()) + " (see `wasmax " +
           (chosen.empty() ? std::string() : chosen.front()->get_name() + " ") + "--help`)");
    return kExitUsage;
}

int run_command_line(std::vector<std::string> arguments) {
    const std::vector<std::string> guest_arguments = take_guest_arguments(arguments);
    int exit_code = 0;
    CLI::App app("A WebAssembly (WASIX) runtime, compiler and benchmark lab.", "wasmax");
    app.set_version_flag("-V,--version", "wasmax " WASMAX_VERSION);
    app.footer(kFooter);
    app.require_subcommand(1);
    add_run(app, guest_arguments, exit_code);
    add_compile(app, exit_code);
    add_create_exe(app, exit_code);
    add_inspect(app, exit_code);
    add_cache(app, exit_code);
    add_validate(app, exit_code);
    add_wast(app, exit_code);
    add_syscalls(app, exit_code);
    add_strace(app, guest_arguments, exit_code);
    add_trace(app, guest_arguments, exit_code);
    add_bench(app, exit_code);
    insert_run(app, arguments);
    if (arguments.empty()) {
        std::fputs(app.help().c_str(), stdout);
        return kExitUsage;
    }
    if (!is_command(app, arguments.front()) && !arguments.front().starts_with('-')) {
        report(explain_unexpected(app, arguments.front()));
        return kExitUsage;
    }
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
        app.parse(arguments);
    } catch (const CLI::ParseError& error) {
        return explain(app, error);
    }
    return exit_code;
}

}  // namespace
}  // namespace wasmax::cli

int main(int argc, char** argv) {
    try {
        return wasmax::cli::run_command_line(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::bad_alloc&) {
        wasmax::cli::report("out of memory");
    } catch (const std::exception& error) {  // CLI11 and the JSON library throw
        wasmax::cli::report(error.what());
    }
    return wasmax::cli::kExitFailure;
}
