#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/bench.h"
#include "cli/commands.h"
#include "lab/compare.h"
#include "lab/interrupt.h"
#include "lab/metrics.h"
#include "lab/progress.h"
#include "lab/report/report.h"
#include "lab/session.h"
#include "lab/summary.h"

namespace wasmax::cli {
namespace {

namespace fs = std::filesystem;

int redraw(const fs::path& directory, bool json) {
    auto interrupt = lab::Interrupt::create();
    if (!interrupt) {
        report(interrupt.error().message);
        return kExitFailure;
    }
    lab::Progress progress(stderr);
    const auto summaries = lab::redraw(directory, *interrupt, progress);
    if (!summaries) {
        report(summaries.error().message);
        return kExitFailure;
    }
    print_summaries(*summaries, directory, json);
    return 0;
}

struct CompareOptions {
    std::string before;
    std::string after;
    double tolerance = 5;  // percent
    bool json = false;
};

lab::report::Table table_of(const std::vector<lab::Change>& changes) {
    lab::report::Table table{
        .header = {"contender", "workload", "load", "quantity", "after/before", "verdict"},
        .rows = {}};
    for (const lab::Change& change : changes) {
        std::string ratio = "-";
        if (change.ratio) {
            ratio = fmt::format("{:.3f}", change.ratio->value);
            if (change.ratio->interval) {
                ratio += fmt::format(" [{:.3f}, {:.3f}]", change.ratio->interval->low,
                                     change.ratio->interval->high);
            }
        }
        table.rows.push_back({change.contender, change.workload, change.load,
                              std::string(lab::row(change.metric).title), ratio,
                              std::string(lab::to_string(change.verdict))});
    }
    return table;
}

std::string json_of(const std::vector<lab::Change>& changes,
                    const std::vector<std::string>& differences) {
    auto list = nlohmann::ordered_json::array();
    for (const lab::Change& change : changes) {
        nlohmann::ordered_json json = {{"contender", change.contender},
                                       {"workload", change.workload},
                                       {"load", change.load},
                                       {"metric", lab::row(change.metric).name},
                                       {"verdict", lab::to_string(change.verdict)}};
        if (change.ratio) {
            json["ratio"] = change.ratio->value;
            if (change.ratio->interval) {
                json["low"] = change.ratio->interval->low;
                json["high"] = change.ratio->interval->high;
                json["confidence"] = change.ratio->interval->confidence;
            }
        }
        list.push_back(std::move(json));
    }
    const nlohmann::ordered_json json = {{"changes", list}, {"differing_conditions", differences}};
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

int compare(const CompareOptions& options) {
    const auto before = lab::read_summaries(options.before);
    const auto after = lab::read_summaries(options.after);
    for (const auto* const side : {&before, &after}) {
        if (!*side) {
            report(side->error().message);
            return kExitUsage;
        }
    }
    const auto changes = lab::compare(*before, *after, options.tolerance / 100);
    const auto differences =
        lab::differing_conditions(before->front().conditions, after->front().conditions);
    bool any = false;
    int code = 0;
    for (const lab::Change& change : changes) {
        any = any || change.ratio;
        code = change.verdict == lab::Verdict::regression ? kExitFailure : code;
    }
    if (options.json) {
        fmt::print("{}", json_of(changes, differences));
    } else {
        fmt::print("{}\n", lab::report::to_text(table_of(changes)));
        for (const std::string& sentence : differences) {
            fmt::print("other conditions: {}\n", sentence);
        }
        fmt::print("A regression is a whole interval worse than 1 by more than {:g} %.\n",
                   options.tolerance);
    }
    if (!any) {
        std::fflush(stdout);
        report("the two have no contender under the same workload and load in common");
        return kExitUsage;
    }
    return code;
}

}  // namespace

void add_bench_report(CLI::App& bench, int& exit_code) {
    auto* command = bench.add_subcommand("report", "Draw all reports of a result anew");
    const auto directory = std::make_shared<std::string>();
    const auto json = std::make_shared<bool>(false);
    command->add_option("DIR", *directory, "Holds samples.jsonl")->required();
    command->add_flag("--json", *json, "Print the result as JSON");
    command->callback([directory, json, &exit_code] { exit_code = redraw(*directory, *json); });
}

void add_bench_compare(CLI::App& bench, int& exit_code) {
    auto* command = bench.add_subcommand(
        "compare", "Compare two results; exit code 1 when the second is worse, 2 when they cannot");
    const auto options = std::make_shared<CompareOptions>();
    command->add_option("BEFORE", options->before, "A directory with samples.jsonl")->required();
    command->add_option("AFTER", options->after, "Another")->required();
    command->add_option("--tolerance", options->tolerance, "What counts as the same, in percent")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print the comparison as JSON");
    command->callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace wasmax::cli
