#pragma once

#include "lab/samples.h"

namespace wasmax::lab {

/// An experiment as it might come out: two contenders, three runs each, made-up figures.
inline SampleSet example_samples() {
    SampleSet set{
        .conditions = {.experiment = "example",
                       .workload = "close",
                       .baseline = "native",
                       .load = {},
                       .planned_contenders = {"wasm", "native"},
                       .planned_runs = 3,
                       .placement = {.pinned = true, .server = {1}, .generator = {0}},
                       .quota_percent = 0,
                       .machine = {{"cpu", "Test CPU <1>"}, {"kernel", "Linux 0 | test"}}},
        .samples = {},
        .absences = {{.contender = "bun", .reason = "bun is not installed"}},
        .estimates = {{.contender = "published",
                       .of = "native",
                       .ratio = 2,
                       .source = "a paper, other machine"}}};
    const auto add = [&](const char* name, const char* program, double scale) {
        for (int run = 0; run < 3; ++run) {
            const auto sample = [&](Metric metric, double value) {
                set.samples.push_back({.contender = name,
                                       .engine = "engine",
                                       .flags = "",
                                       .program = program,
                                       .backend = "direct",
                                       .handles = "one thread",
                                       .iteration = run,
                                       .metric = metric,
                                       .value = value,
                                       .void_reason = {}});
            };
            sample(Metric::requests_per_second, (1000 + run * 100) * scale);
            sample(Metric::requests, (10'000 + run * 1000) * scale);
            sample(Metric::cpu_us_per_request, (20 + run) / scale);
            sample(Metric::server_cores, 0.5);
            sample(Metric::generator_cores, 0.99);
            sample(Metric::other_cores, 0.01);
            sample(Metric::read_errors, run);
        }
    };
    add("wasm", "server.wat", 0.95);
    add("native", "server.c", 1);
    return set;
}

}  // namespace wasmax::lab
