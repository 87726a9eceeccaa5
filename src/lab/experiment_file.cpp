#include "lab/experiment_file.h"

// toml++ 3.3 asserts of its input what only its next check finds out, as in "[[[", and in builds
// with NDEBUG tells the optimiser to assume it. Without either, those checks report an error.
#undef NDEBUG
#define TOML_ASSERT(...) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/whole_file.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxIncludeDepth = 4;

// Typed look-ups in one table that remember the first thing that was wrong, and every key that was
// asked for: what remains is unknown.
class Table {
public:
    Table(const toml::table& table, std::string file, std::string what)
        : table_(table), file_(std::move(file)), what_(std::move(what)) {}

    void read(std::string_view key, std::string& value) {
        if (const auto* const node = find(key)) {
            if (const auto* const text = node->as_string()) {
                value = text->get();
            } else {
                wrong(*node, key, "a string");
            }
        }
    }
    void read(std::string_view key, double& value) {
        if (const auto* const node = find(key)) {
            if (const auto number = node->value<double>(); number && *number > 0) {
                value = *number;
            } else {
                wrong(*node, key, "a number above 0");
            }
        }
    }
    void read(std::string_view key, int& value) {
        if (const auto* const node = find(key)) {
            read_integer(*node, key, value);
        }
    }
    void read(std::string_view key, std::uint16_t& value) {
        int number = value;
        const auto* const node = find(key);
        read(key, number);
        if (number < 1 || number > std::numeric_limits<std::uint16_t>::max()) {
            wrong(*node, key, "a port, 1 to 65535");
            return;
        }
        value = static_cast<std::uint16_t>(number);
    }
    void read(std::string_view key, std::chrono::seconds& value) {
        const auto* const node = find(key);
        std::string text;
        read(key, text);
        if (text.empty()) {
            return;
        }
        if (const auto duration = parse_duration(text)) {
            value = *duration;
        } else {
            wrong(*node, key, "a duration as \"10s\" or \"2m\"");
        }
    }
    // One or several.
    void read(std::string_view key, std::vector<int>& values) {
        for_each(key, "a whole number or a list of them", [&](const toml::node& node) {
            int value = 0;
            read_integer(node, key, value);
            values.push_back(value);
            return true;
        });
    }
    void read(std::string_view key, std::vector<std::string>& values) {
        for_each(key, "a string or a list of strings", [&](const toml::node& node) {
            const auto* const text = node.as_string();
            if (text != nullptr) {
                values.push_back(text->get());
            }
            return text != nullptr;
        });
    }
    // One command or several: a list of strings, or a list of those.
    void read(std::string_view key, std::vector<std::vector<std::string>>& commands) {
        const auto* const node = find(key);
        if (node == nullptr) {
            return;
        }
        const auto* const array = node->as_array();
        if (array == nullptr || array->empty()) {
            return wrong(*node, key, "a command: a list of strings, or a list of such lists");
        }
        const bool several = array->front().is_array();
        for (std::size_t i = 0; i < (several ? array->size() : 1); ++i) {
            const auto* const one = several ? (*array)[i].as_array() : array;
            std::vector<std::string> command;
            for (std::size_t k = 0; one != nullptr && k < one->size(); ++k) {
                command.push_back((*one)[k].value<std::string>().value_or(std::string()));
            }
            if (command.empty() || std::ranges::find(command, std::string()) != command.end()) {
                return wrong(*node, key, "a command: a list of strings, or a list of such lists");
            }
            commands.push_back(std::move(command));
        }
    }
    // The tables of an array of tables, `[[key]]`.
    [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key) {
        std::vector<const toml::table*> found;
        for_each(key, "tables: [[...]]", [&](const toml::node& node) {
            found.push_back(node.as_table());
            return found.back() != nullptr;
        });
        return found;
    }
    [[nodiscard]] const toml::table* table(std::string_view key) {
        const auto* const node = find(key);
        if (node != nullptr && !node->is_table()) {
            wrong(*node, key, "a table: [...]");
        }
        return node == nullptr ? nullptr : node->as_table();
    }
    void require(std::string_view key) {
        if (find(key) == nullptr) {
            problem(table_.source(), fmt::format("{} has no '{}'", what_, key));
        }
    }
    void problem(const toml::source_region& source, std::string_view message) {
        if (!problem_) {
            problem_ = Error::invalid(fmt::format("{}:{}: {}", file_, source.begin.line, message));
        }
    }
    /// What was wrong, or the first key that nobody asked for.
    [[nodiscard]] Result<void, Error> check() {
        for (const auto& [key, node] : table_) {
            if (std::ranges::find(asked_, key.str()) == asked_.end()) {
                const auto meant = nearest(key.str(), asked_);
                problem(key.source(),
                        fmt::format(
                            "{} has no key '{}'{}", what_, key.str(),
                            meant ? fmt::format("; did you mean '{}'?", *meant) : std::string()));
            }
        }
        if (problem_) {
            return fail(*problem_);
        }
        return {};
    }

private:
    const toml::node* find(std::string_view key) {
        if (std::ranges::find(asked_, key) == asked_.end()) {
            asked_.push_back(key);
        }
        return table_.get(key);
    }
    void wrong(const toml::node& node, std::string_view key, std::string_view expected) {
        problem(node.source(), fmt::format("'{}' must be {}", key, expected));
    }
    void read_integer(const toml::node& node, std::string_view key, int& value) {
        const auto* const number = node.as_integer();
        if (number == nullptr || number->get() < 0 ||
            number->get() > std::numeric_limits<int>::max()) {
            return wrong(node, key, "a whole number");
        }
        value = static_cast<int>(number->get());
    }
    template <class Visit>
    void for_each(std::string_view key, std::string_view expected, const Visit& visit) {
        const auto* const node = find(key);
        if (node == nullptr) {
            return;
        }
        const auto* const array = node->as_array();
        if (array == nullptr ? !visit(*node) : array->empty()) {
            return wrong(*node, key, expected);
        }
        for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
            if (!visit((*array)[i])) {
                return wrong((*array)[i], key, expected);
            }
        }
    }

    const toml::table& table_;
    std::string file_;
    std::string what_;
    std::vector<std::string_view> asked_;  // literals
    std::optional<Error> problem_;
};

Result<void, Error> read_load(Table& top, const std::string& file, ExperimentFile& experiment) {
    const toml::table* const found = top.table("load");
    if (found == nullptr) {
        return {};
    }
    Table table(*found, file, "[load]");
    Load& load = experiment.load;
    std::string generator = "wrk";
    table.read("generator", generator);
    if (generator != "wrk" && generator != "open") {
        table.problem(found->get("generator")->source(), "'generator' must be \"wrk\" or \"open\"");
    }
    load.generator = generator == "wrk" ? Generator::wrk : Generator::open;
    table.read("threads", load.threads);
    table.read("connections", experiment.connections);
    table.read("rate", experiment.rates);
    table.read("duration", load.duration);
    table.read("warmup", load.warmup);
    table.read("pipeline", load.pipeline);
    if (load.generator == Generator::open) {
        table.require("rate");
    }
    return table.check();
}

Result<Workload, Error> read_workload(const toml::table& found, const std::string& file) {
    Workload workload;
    Table table(found, file, "[[workload]]");
    table.require("name");
    table.read("name", workload.name);
    table.read("port", workload.port);
    table.read("path", workload.path);
    table.read("status", workload.expected_status);
    if (found.contains("body")) {
        workload.expected_body.emplace();
        table.read("body", *workload.expected_body);
    }
    // Asked for in any case, so that it is a known key.
    std::string ignored;
    table.read("body", ignored);
    TRY(table.check());
    return workload;
}

Result<Recipe, Error> read_contender(const toml::table& found, const std::string& file) {
    Recipe recipe;
    Contender& contender = recipe.contender;
    Table table(found, file, "[[contender]]");
    table.require("name");
    table.require("workload");
    table.read("name", contender.name);
    table.read("workload", recipe.workloads);
    table.read("command", contender.command);
    table.read("engine", contender.engine);
    table.read("flags", contender.flags);
    table.read("program", contender.program);
    table.read("backend", contender.backend);
    table.read("handles", contender.handles);
    table.read("needs", recipe.needs);
    table.read("install", recipe.install);
    table.read("build", recipe.build);
    table.read("absent", recipe.absent);
    if (recipe.absent.empty()) {
        table.require("command");
    }
    TRY(table.check());
    return recipe;
}

Result<WorkloadEstimate, Error> read_estimate(const toml::table& found, const std::string& file) {
    WorkloadEstimate result;
    Estimate& estimate = result.estimate;
    double published = 1;
    double published_of = 1;
    Table table(found, file, "[[estimate]]");
    for (const std::string_view key :
         {"name", "workload", "of", "requests_per_second", "of_requests_per_second", "source"}) {
        table.require(key);
    }
    table.read("name", estimate.contender);
    table.read("workload", result.workload);
    table.read("of", estimate.of);
    table.read("requests_per_second", published);
    table.read("of_requests_per_second", published_of);
    table.read("source", estimate.source);
    estimate.ratio = published / published_of;
    TRY(table.check());
    return result;
}

// Adds what a file says to `experiment`; what it includes comes first.
// NOLINTNEXTLINE(misc-no-recursion): bounded by kMaxIncludeDepth.
Result<void, Error> add(std::string_view text, const fs::path& path, int depth,
                        ExperimentFile& experiment) {
    const std::string file = path.string();
    const toml::parse_result parsed = toml::parse(text, file);
    if (!parsed) {
        return fail(Error::invalid(fmt::format(
            "{}:{}: {}", file, parsed.error().source().begin.line, parsed.error().description())));
    }
    Table top(parsed.table(), file, "an experiment");
    std::vector<std::string> includes;
    top.read("include", includes);
    for (const std::string& name : includes) {
        if (depth == kMaxIncludeDepth) {
            return fail(Error::invalid(fmt::format("{}: files include one another", file)));
        }
        const fs::path included = path.parent_path() / name;
        const std::string contents = TRY(read_whole_file(included));
        TRY(add(contents, included, depth + 1, experiment));
    }
    top.read("baseline", experiment.baseline);
    top.read("runs", experiment.runs);
    TRY(read_load(top, file, experiment));
    for (const toml::table* const table : top.tables("workload")) {
        if (table != nullptr) {
            experiment.workloads.push_back(TRY(read_workload(*table, file)));
        }
    }
    for (const toml::table* const table : top.tables("contender")) {
        if (table != nullptr) {
            experiment.recipes.push_back(TRY(read_contender(*table, file)));
        }
    }
    for (const toml::table* const table : top.tables("estimate")) {
        if (table != nullptr) {
            experiment.estimates.push_back(TRY(read_estimate(*table, file)));
        }
    }
    return top.check();
}

// What only the whole can tell.
Result<ExperimentFile, Error> completed(ExperimentFile experiment) {
    if (experiment.workloads.empty()) {
        return fail(Error::invalid(fmt::format("{} has no [[workload]]", experiment.name)));
    }
    if (experiment.connections.empty()) {
        experiment.connections.push_back(experiment.load.connections);
    }
    if (experiment.rates.empty()) {
        experiment.rates.push_back(0);
    }
    return experiment;
}

}  // namespace

Result<ExperimentFile, Error> read_experiment(const fs::path& path) {
    ExperimentFile experiment{.name = path.stem().string()};
    const std::string text = TRY(read_whole_file(path));
    TRY(add(text, path, 0, experiment));
    return completed(std::move(experiment));
}

Result<ExperimentFile, Error> parse_experiment(std::string_view text, const std::string& name) {
    ExperimentFile experiment{.name = name};
    TRY(add(text, name, kMaxIncludeDepth, experiment));
    return completed(std::move(experiment));
}

}  // namespace wasmax::lab
