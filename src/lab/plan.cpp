#include "lab/plan.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/experiment_file.h"
#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {

namespace {

constexpr std::chrono::minutes kBuildLimit{5};
constexpr std::size_t kQuotedOutput = 600;

Error unknown(std::string_view what, std::string_view name, const std::string& file,
              std::vector<std::string_view> known) {
    const auto [first, last] = std::ranges::unique(known);
    known.erase(first, last);
    const auto meant = nearest(name, known);
    return Error::invalid(fmt::format("{} has no {} '{}'{}; known are: {}", file, what, name,
                                      meant ? fmt::format(" (did you mean {}?)", *meant) : "",
                                      fmt::join(known, ", ")));
}

// Fills in the places of `text`.
Result<std::string, Error> resolved(std::string_view text, const Places& places) {
    std::string result;
    while (true) {
        const std::size_t open = text.find('{');
        const std::size_t close = text.find('}', open);
        if (open == std::string_view::npos || close == std::string_view::npos) {
            return result + std::string(text);
        }
        const std::string name(text.substr(open + 1, close - open - 1));
        const auto place = places.find(name);
        if (place == places.end()) {
            std::vector<std::string_view> known;
            for (const auto& [key, value] : places) {
                known.emplace_back(key);
            }
            const auto meant = nearest(name, known);
            return fail(Error::invalid(
                fmt::format("'{{{}}}' stands for nothing{}; known are: {{{}}}", name,
                            meant ? fmt::format(" (did you mean {{{}}}?)", *meant) : "",
                            fmt::join(known, "}, {"))));
        }
        result += std::string(text.substr(0, open)) + place->second;
        text.remove_prefix(close + 1);
    }
}

Result<void, Error> resolve(std::vector<std::string>& texts, const Places& places) {
    for (std::string& text : texts) {
        text = TRY(resolved(text, places));
    }
    return {};
}

Result<Recipe, Error> resolved(Recipe recipe, const Places& places) {
    const auto resolve_all = [&]() -> Result<void, Error> {
        TRY(resolve(recipe.contender.command, places));
        TRY(resolve(recipe.needs, places));
        for (auto& command : recipe.build) {
            TRY(resolve(command, places));
        }
        return {};
    };
    if (auto done = resolve_all(); !done) {
        return fail(std::move(done).error().in(recipe.contender.name));
    }
    return recipe;
}

// Turns recipes into contenders, building each only once.
class Workshop {
public:
    Workshop(const Places& places, Interrupt& interrupt, Progress& progress)
        : places_(places), interrupt_(interrupt), progress_(progress) {}

    /// Why the contender cannot be measured, or nullopt when it now can.
    Attempt<std::optional<std::string>> prepare(const Recipe& recipe) {
        if (auto unmet = unmet_need(recipe)) {
            return unmet;
        }
        for (const auto& command : recipe.build) {
            const std::string line = fmt::format("{}", fmt::join(command, " "));
            if (const auto known = built_.find(line); known != built_.end()) {
                if (known->second) {
                    return known->second;
                }
                continue;
            }
            auto problem = TRY(build(command, line));
            built_[line] = problem;
            if (problem) {
                return problem;
            }
        }
        return std::optional<std::string>();
    }
    [[nodiscard]] const Places& places() const { return places_; }

private:
    Attempt<std::optional<std::string>> build(const std::vector<std::string>& command,
                                              const std::string& line) {
        progress_.step(line);
        auto output = capture({.launch = {.command = command}, .limit = kBuildLimit}, interrupt_);
        if (!output && !output.error().error) {
            return fail(std::move(output).error());
        }
        if (!output) {
            return std::optional("its build failed: " + output.error().error->message);
        }
        if (output->exit.success()) {
            return std::optional<std::string>();
        }
        std::string text = output->text.substr(0, kQuotedOutput);
        text.erase(std::min(text.find_last_not_of(" \n") + 1, text.size()));
        return std::optional(
            fmt::format("its build, `{}`, ended with {}: {}", line, output->exit.describe(), text));
    }

    const Places& places_;
    Interrupt& interrupt_;
    Progress& progress_;
    std::map<std::string, std::optional<std::string>> built_;
};

std::vector<const Recipe*> recipes_for(const ExperimentFile& file, const Workload& workload,
                                       const Overrides& overrides) {
    std::vector<const Recipe*> all;
    for (const Recipe& recipe : file.recipes) {
        if (std::ranges::find(recipe.workloads, workload.name) != recipe.workloads.end()) {
            all.push_back(&recipe);
        }
    }
    if (overrides.contenders.empty()) {
        return all;
    }
    std::vector<const Recipe*> chosen;
    for (const std::string& name : overrides.contenders) {
        const auto found = std::ranges::find_if(
            all, [&](const Recipe* recipe) { return recipe->contender.name == name; });
        if (found != all.end()) {
            chosen.push_back(*found);
        }
    }
    return chosen;
}

Attempt<Experiment> experiment_for(const ExperimentFile& file, const Workload& workload,
                                   const Overrides& overrides, Workshop& workshop) {
    Experiment experiment{
        .name = file.name,
        .contenders = {},
        .workload = workload,
        .load = file.load,
        .runs = overrides.runs.value_or(file.runs),
        .baseline = overrides.baseline.empty() ? file.baseline : overrides.baseline};
    Load& load = experiment.load;
    load.threads = overrides.threads.value_or(load.threads);
    load.duration = overrides.duration.value_or(load.duration);
    load.warmup = overrides.warmup.value_or(load.warmup);
    Places places = workshop.places();
    places["port"] = fmt::format("{}", workload.port);
    for (const Recipe* const original : recipes_for(file, workload, overrides)) {
        const Recipe recipe = TRY(resolved(*original, places));
        Contender contender = recipe.contender;
        const auto earlier =
            std::ranges::count(experiment.contenders, contender.command, &Contender::command);
        if (earlier > 0 && !overrides.contenders.empty()) {
            contender.name += fmt::format("-{}", earlier + 1);
        }
        if (auto problem = TRY(workshop.prepare(recipe))) {
            experiment.absences.push_back({.contender = contender.name, .reason = *problem});
        } else {
            experiment.contenders.push_back(std::move(contender));
        }
    }
    for (const WorkloadEstimate& estimate : file.estimates) {
        if (estimate.workload == workload.name && overrides.contenders.empty()) {
            experiment.estimates.push_back(estimate.estimate);
        }
    }
    return experiment;
}

Result<void, Error> check_names(const ExperimentFile& file, const Overrides& overrides) {
    std::vector<std::string_view> contenders;
    for (const Recipe& recipe : file.recipes) {
        contenders.emplace_back(recipe.contender.name);
    }
    std::vector<std::string_view> workloads;
    for (const Workload& workload : file.workloads) {
        workloads.emplace_back(workload.name);
    }
    for (const std::string& name : overrides.contenders) {
        if (std::ranges::find(contenders, name) == contenders.end()) {
            return fail(unknown("contender", name, file.name, contenders));
        }
    }
    if (!overrides.baseline.empty() &&
        std::ranges::find(contenders, overrides.baseline) == contenders.end()) {
        return fail(unknown("contender", overrides.baseline, file.name, contenders));
    }
    for (const std::string& name : overrides.workloads) {
        if (std::ranges::find(workloads, name) == workloads.end()) {
            return fail(unknown("workload", name, file.name, workloads));
        }
    }
    for (const Recipe& recipe : file.recipes) {
        for (const std::string& name : recipe.workloads) {
            // A file of contenders may serve several experiments: only an experiment's own
            // workloads can be checked, and a contender that matches none would go unnoticed.
            if (recipe.workloads.size() == 1 && nearest(name, workloads) &&
                std::ranges::find(workloads, name) == workloads.end()) {
                return fail(
                    unknown("workload", name, file.name, workloads).in(recipe.contender.name));
            }
        }
    }
    return {};
}

}  // namespace

std::optional<std::string> unmet_need(const Recipe& recipe) {
    if (!recipe.absent.empty()) {
        return recipe.absent;
    }
    const std::string hint = recipe.install.empty() ? "" : "; " + recipe.install;
    for (const std::string& need : recipe.needs) {
        if (need.find('/') != std::string::npos) {
            if (access(need.c_str(), R_OK) != 0) {
                return fmt::format("{} is missing{}", need, hint);
            }
        } else if (!find_program(need)) {
            return fmt::format("{} is not installed{}", need, hint);
        }
    }
    return std::nullopt;
}

Attempt<std::vector<Experiment>> plan(const ExperimentFile& file, const Overrides& overrides,
                                      const Places& places, Interrupt& interrupt,
                                      Progress& progress) {
    TRY(check_names(file, overrides));
    Workshop workshop(places, interrupt, progress);
    std::vector<Experiment> experiments;
    for (const Workload& workload : file.workloads) {
        if (!overrides.workloads.empty() &&
            std::ranges::find(overrides.workloads, workload.name) == overrides.workloads.end()) {
            continue;
        }
        const Experiment model = TRY(experiment_for(file, workload, overrides, workshop));
        if (model.contenders.empty() && model.absences.empty()) {
            continue;  // none of those asked for does this workload
        }
        const auto connections =
            overrides.connections ? std::vector{*overrides.connections} : file.connections;
        const auto rates = overrides.rate ? std::vector{*overrides.rate} : file.rates;
        for (const int connection_count : connections) {
            for (const int rate : rates) {
                Experiment experiment = model;
                experiment.load.connections = connection_count;
                experiment.load.rate = rate;
                if (!overrides.threads) {
                    experiment.load.threads = std::min(experiment.load.threads, connection_count);
                }
                TRY(validate(experiment));
                experiments.push_back(std::move(experiment));
            }
        }
    }
    return experiments;
}

}  // namespace wasmax::lab
