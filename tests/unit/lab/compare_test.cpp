#include "lab/compare.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/metrics.h"
#include "lab/samples.h"
#include "lab/summary.h"
#include "unit/lab/example.h"

namespace wasmax::lab {
namespace {

// The example with CPU per request of `wasm` times `factor`, and a generator that is not saturated.
std::vector<Summary> summaries(double factor) {
    SampleSet set = example_samples();
    for (Sample& sample : set.samples) {
        if (sample.metric == Metric::cpu_us_per_request && sample.contender == "wasm") {
            sample.value *= factor;
        }
        if (sample.metric == Metric::generator_cores) {
            sample.value = 0.2;
        }
    }
    return {summarize(set)};
}

Verdict verdict(const std::vector<Change>& changes, const std::string& contender, Metric metric) {
    const auto found = std::ranges::find_if(changes, [&](const Change& change) {
        return change.contender == contender && change.metric == metric;
    });
    return found == changes.end() ? Verdict::unknown : found->verdict;
}

TEST(Compare, TheSameIsTheSame) {
    const auto changes = compare(summaries(1), summaries(1), 0);
    ASSERT_EQ(changes.size(), 4U);
    for (const Change& change : changes) {
        EXPECT_EQ(change.verdict, Verdict::same) << change.contender;
        EXPECT_DOUBLE_EQ(change.ratio->value, 1);
    }
}

TEST(Compare, AWholeIntervalBeyondTheToleranceIsAChange) {
    constexpr Metric kCpu = Metric::cpu_us_per_request;
    EXPECT_EQ(verdict(compare(summaries(1), summaries(1.5), 0.05), "wasm", kCpu),
              Verdict::regression);
    EXPECT_EQ(verdict(compare(summaries(1.5), summaries(1), 0.05), "wasm", kCpu), Verdict::better);
    EXPECT_EQ(verdict(compare(summaries(1), summaries(1.5), 0.6), "wasm", kCpu), Verdict::same);
    EXPECT_EQ(verdict(compare(summaries(1), summaries(1.5), 0.05), "native", kCpu), Verdict::same);
    // Runs vary by a tenth: an interval about 1.05 holds 1.
    EXPECT_EQ(verdict(compare(summaries(1), summaries(1.05), 0), "wasm", kCpu), Verdict::same);
}

TEST(Compare, WhatOnlyOneSideHasIsUnknown) {
    auto after = summaries(1);
    after[0].rows.erase(after[0].rows.begin());
    const auto changes = compare(summaries(1), after, 0);
    EXPECT_EQ(verdict(changes, "wasm", Metric::cpu_us_per_request), Verdict::unknown);
    EXPECT_FALSE(changes[0].ratio);
    after[0].conditions.load.connections = 1;
    for (const Change& change : compare(summaries(1), after, 0)) {
        EXPECT_EQ(change.verdict, Verdict::unknown);
    }
}

TEST(Compare, ThroughputOfASaturatedGeneratorSaysNothing) {
    const std::vector<Summary> saturated{summarize(example_samples())};
    const auto changes = compare(saturated, saturated, 0);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].metric, Metric::cpu_us_per_request);
}

TEST(Compare, SaysWhichConditionsDiffer) {
    const Conditions before = example_samples().conditions;
    Conditions after = before;
    EXPECT_TRUE(differing_conditions(before, after).empty());
    after.machine["kernel"] = "Linux 9";
    after.quota_percent = 50;
    EXPECT_EQ(differing_conditions(before, after),
              (std::vector<std::string>{"kernel: Linux 0 | test before, Linux 9 after",
                                        "quota: 0 % before, 50 % after"}));
}

}  // namespace
}  // namespace wasmax::lab
