#include "engine/inspect.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "abi/artifact.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "cli/commands.h"
#include "engine/digest.h"
#include "wasix/import_table.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExamples = R"(Examples:
  wasmax inspect server.wasm
  wasmax inspect server.wmx --json)";

/// The system calls that fail without a grant, by the beginning of their names, and the option that
/// grants it.
struct Needed {
    std::string_view prefix;
    std::string_view option;
};
constexpr std::array kNeeded{
    Needed{"path_", "--dir"},        Needed{"sock_bind", "--net"},
    Needed{"sock_listen", "--net"},  Needed{"sock_connect", "--net"},
    Needed{"sock_send_to", "--net"}, Needed{"sock_join_", "--net"},
    Needed{"sock_leave_", "--net"},  Needed{"resolve", "--net"},
    Needed{"port_", "--net"},
};

std::string_view option_for(const wasm::Import& import) {
    if (wasix::find_syscall(import.module, import.name) == nullptr) {
        return {};
    }
    const auto* found = std::find_if(kNeeded.begin(), kNeeded.end(), [&](const Needed& row) {
        return import.name.starts_with(row.prefix);
    });
    return found == kNeeded.end() ? std::string_view() : found->option;
}

std::string_view kind_name(wasm::ExternKind kind) {
    constexpr std::array<std::string_view, 5> kNames{"function", "table", "memory", "global",
                                                     "tag"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view kind_name(engine::Inspection::Kind kind) {
    constexpr std::array<std::string_view, 3> kNames{"module", "artifact", "executable"};
    return kNames[static_cast<std::size_t>(kind)];
}

/// `tier` is a codegen::Tier, by number.
std::string_view tier_name(std::uint32_t tier) {
    constexpr std::array<std::string_view, 3> kNames{"t0", "t2", "t3"};  // -O0, -O1, -O2
    return tier < kNames.size() ? kNames[tier] : "unknown";
}

Json imports_of(const wasm::Module& module) {
    Json imports = Json::array();
    for (const wasm::Import& import : module.imports) {
        Json row{
            {"module", import.module}, {"name", import.name}, {"kind", kind_name(import.kind())}};
        if (const auto* type = std::get_if<wasm::TypeIndex>(&import.type)) {
            row["type"] = wasm::to_string(module.type(*type));
        }
        if (const auto option = option_for(import); !option.empty()) {
            row["needs"] = option;
        }
        imports.push_back(std::move(row));
    }
    return imports;
}

Json exports_of(const wasm::Module& module) {
    Json exports = Json::array();
    for (const wasm::Export& exported : module.exports) {
        exports.push_back({{"name", exported.name}, {"kind", kind_name(exported.kind)}});
    }
    return exports;
}

Json memories_of(const wasm::Module& module) {
    Json memories = Json::array();
    for (const wasm::MemoryType& memory : module.memory_types) {
        Json row{{"minimum_pages", memory.limits.minimum}};
        if (memory.limits.maximum) {
            row["maximum_pages"] = *memory.limits.maximum;
        }
        row["shared"] = memory.shared;
        memories.push_back(std::move(row));
    }
    return memories;
}

Json sections_of(const wasm::Module& module) {
    Json sections = Json::array();
    for (const wasm::CustomSection& section : module.custom_sections) {
        sections.push_back({{"name", section.name}, {"bytes", section.contents.size()}});
    }
    return sections;
}

template <std::size_t kSize>
std::string text(const std::array<char, kSize>& padded) {
    return {padded.begin(), std::find(padded.begin(), padded.end(), '\0')};
}

Json describe(const engine::Inspection& found) {
    Json all{{"type", kind_name(found.kind)},
             {"bytes", found.file_bytes},
             {"sha256", engine::to_string(found.digest)}};
    if (found.artifact) {
        const abi::ArtifactHeader& header = found.artifact->header();
        all["compiled"] = {{"version", text(header.build)},
                           {"abi", header.abi_version},
                           {"cpu", text(header.cpu)},
                           {"tier", tier_name(header.tier)},
                           {"code_bytes", header.text.bytes}};
    }
    if (found.kind == engine::Inspection::Kind::executable) {
        all["options"] = found.options;
    }
    Json features = Json::array();
    for (const wasm::Feature feature : found.features) {
        features.push_back(wasm::to_string(feature));
    }
    all[found.artifact ? "features_enabled" : "features_used"] = std::move(features);
    all["functions"] = found.module.defined_functions();
    all["imports"] = imports_of(found.module);
    all["exports"] = exports_of(found.module);
    all["memories"] = memories_of(found.module);
    all["custom_sections"] = sections_of(found.module);
    return all;
}

/// A scalar without quotes.
std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

/// An object in a line: its values, those after the first two with their names.
std::string line_of(const Json& row) {
    if (!row.is_object()) {
        return plain(row);
    }
    std::string line;
    for (const auto& [key, value] : row.items()) {
        line += (line.empty() ? "" : "  ") +
                (value.is_string() && key != "needs" ? plain(value) : key + " " + plain(value));
    }
    return line;
}

/// The same facts for people: lists below their names.
std::string as_text(const Json& all) {
    std::string page;
    for (const auto& [key, value] : all.items()) {
        if (!value.is_array()) {
            page += fmt::format("{:<17}{}\n", key, line_of(value));
            continue;
        }
        page += fmt::format("{:<17}{}\n", key, value.size());
        for (const Json& row : value) {
            page += "  " + line_of(row) + "\n";
        }
    }
    return page;
}

int inspect(const std::string& file, bool json) {
    const auto found = engine::inspect(file);
    if (!found) {
        report(found.error().message);
        return kExitFailure;
    }
    const Json all = describe(*found);
    std::fputs(
        (json ? all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : as_text(all))
            .c_str(),
        stdout);
    return 0;
}

}  // namespace

void add_inspect(CLI::App& app, int& exit_code) {
    auto* command =
        app.add_subcommand("inspect", "Show what a module, an artifact or an executable holds");
    const auto file = std::make_shared<std::string>();
    const auto json = std::make_shared<bool>(false);
    command->add_option("FILE", *file, "The file")->required();
    command->add_flag("--json", *json, "Print JSON");
    command->footer(kExamples);
    command->callback([file, json, &exit_code] { exit_code = inspect(*file, *json); });
}

}  // namespace wasmax::cli
