#include <cstdio>
#include <memory>
#include <string>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "wasix/import_table.h"

namespace wasmax::cli {
namespace {

const char* to_string(wasix::Status status) {
    switch (status) {
        case wasix::Status::full:
            return "full";
        case wasix::Status::partial:
            return "partial";
        case wasix::Status::nosys:
            return "nosys";
        case wasix::Status::notsup:
            return "notsup";
    }
    return "";
}

std::string syscalls_json() {
    auto rows = nlohmann::json::array();
    for (const wasix::Syscall& row : wasix::syscalls()) {
        rows.push_back({{"module", row.module},
                        {"name", row.name},
                        {"parameters", row.parameters},
                        {"results", row.results},
                        {"type", wasm::to_string(row.narrow.type())},
                        {"status", to_string(row.status)}});
    }
    return rows.dump(2) + "\n";
}

}  // namespace

void add_syscalls(CLI::App& app, int& /*exit_code*/) {
    auto* command =
        app.add_subcommand("syscalls", "List the system calls and how complete each is");
    const auto format = std::make_shared<std::string>("md");
    command->add_option("--format", *format, "md (docs/syscalls.md) or json")
        ->check(CLI::IsMember({"md", "json"}))
        ->capture_default_str();
    command->footer("Examples:\n  wasmax syscalls\n  wasmax syscalls --format json");
    command->callback([format] {
        const std::string page = *format == "json" ? syscalls_json() : wasix::syscalls_markdown();
        std::fputs(page.c_str(), stdout);
    });
}

}  // namespace wasmax::cli
