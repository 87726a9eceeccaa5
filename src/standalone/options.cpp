#include "standalone/options.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "launch/embedded.h"
#include "launch/grants.h"

namespace wasmax::standalone {
namespace {

/// Whether `name` is the option of that row, spelled with its value if it takes one.
const launch::GrantOption* find_row(std::string_view name) {
    for (const launch::GrantOption& row : launch::grant_options()) {
        if (row.name == name) {
            return &row;
        }
    }
    return nullptr;
}

/// `option` begins with the prefix.
Result<void, Error> read_option(Options& options, std::string_view option) {
    const std::string_view text = option.substr(std::string_view(launch::kOptionPrefix).size());
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string spelling(option.substr(0, option.find('=')));
    const launch::GrantOption* row = find_row(name);
    if (row == nullptr) {
        return fail(Error::invalid("unknown option `" + spelling + "` (--wasmax-help lists them)"));
    }
    const bool has_value = equals != std::string_view::npos;
    if (!row->value_is_optional && row->value.empty() == has_value) {
        return fail(Error::invalid(row->value.empty()
                                       ? spelling + " takes no value"
                                       : spelling + "=" + std::string(row->value) + " is needed"));
    }
    return launch::grant(options.grants, name,
                         has_value ? text.substr(equals + 1) : std::string_view(), spelling);
}

/// `forward-host-env` as `WASMAX_FORWARD_HOST_ENV`.
std::string variable_name(std::string_view option) {
    std::string name = "WASMAX_";
    for (const char c : option) {
        name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

/// A flag is on with 1 and off with 0 or nothing; other options take one value, or either.
Result<void, Error> read_variable(Options& options, const launch::GrantOption& row) {
    const std::string name = variable_name(row.name);
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    if (value == nullptr || *value == '\0') {
        return {};
    }
    const bool is_switch = std::string_view(value) == "0" || std::string_view(value) == "1";
    if (!row.value.empty() && !(row.value_is_optional && is_switch)) {
        return launch::grant(options.grants, row.name, value, name);
    }
    if (!is_switch) {
        return fail(Error::invalid(name + " is 0 or 1, not `" + value + "`"));
    }
    return *value == '1' ? launch::grant(options.grants, row.name, {}, name)
                         : Result<void, Error>{};
}

}  // namespace

Result<Options, Error> read_options(std::string_view built_in, std::span<char* const> arguments) {
    Options options;
    while (!built_in.empty()) {
        const auto end = built_in.find('\0');
        TRY(read_option(options, built_in.substr(0, end)));
        built_in.remove_prefix(end == std::string_view::npos ? built_in.size() : end + 1);
    }
    for (const launch::GrantOption& row : launch::grant_options()) {
        TRY(read_variable(options, row));
    }
    bool only_guest = false;
    for (const std::string_view argument : arguments) {
        only_guest = only_guest || argument == "--";
        if (only_guest || !argument.starts_with(launch::kOptionPrefix)) {
            options.guest_arguments.emplace_back(argument);
        } else if (argument == "--wasmax-help") {
            options.help = true;
        } else if (argument == launch::kSelfCheckOption) {
            options.self_check = true;
        } else {
            TRY(read_option(options, argument));
        }
    }
    return options;
}

std::string help_text(std::string_view program) {
    std::string text =
        "Usage: " + std::string(program) +
        " [--wasmax-OPTION...] [ARGUMENTS of the program...]\n\n"
        "A program made by wasmax create-exe. Options of the runtime, also read from "
        "variables such as WASMAX_NET=1:\n";
    for (const launch::GrantOption& row : launch::grant_options()) {
        std::string option = "  " + std::string(launch::kOptionPrefix) + std::string(row.name);
        if (!row.value.empty()) {
            option += (row.value_is_optional ? "[=" : "=") + std::string(row.value) +
                      (row.value_is_optional ? "]" : "");
        }
        constexpr std::size_t kColumn = 32;
        option.resize(std::max(option.size() + 1, kColumn), ' ');
        text += option + std::string(row.help) + "\n";
    }
    return text;
}

}  // namespace wasmax::standalone
