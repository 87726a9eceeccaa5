#include "lab/summary.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "lab/metrics.h"
#include "lab/samples.h"
#include "unit/lab/example.h"

namespace wasmax::lab {
namespace {

bool has_note(const Summary& summary, std::string_view start) {
    return std::ranges::any_of(summary.notes,
                               [&](const std::string& note) { return note.starts_with(start); });
}

void set_metric(SampleSet& set, Metric metric, double value) {
    for (Sample& sample : set.samples) {
        if (sample.metric == metric) {
            sample.value = value;
        }
    }
}

TEST(Summary, TakesMediansAndRatiosToTheBaseline) {
    const Summary summary = summarize(example_samples());
    ASSERT_EQ(summary.rows.size(), 2U);
    const SummaryRow& wasm = summary.rows[0];
    EXPECT_EQ(wasm.contender, "wasm");
    EXPECT_EQ(wasm.runs, 3);
    EXPECT_DOUBLE_EQ(*wasm.median_of(Metric::requests_per_second), 1045);
    EXPECT_FALSE(wasm.median_of(Metric::latency_p50_us));
    ASSERT_TRUE(wasm.throughput_ratio && wasm.cpu_ratio);
    EXPECT_NEAR(wasm.throughput_ratio->value, 0.95, 1e-9);
    EXPECT_NEAR(wasm.cpu_ratio->value, 1 / 0.95, 1e-9);
    EXPECT_FALSE(summary.rows[1].cpu_ratio);
    EXPECT_FALSE(summary.partial);
}

TEST(Summary, SaysWhichSideWasSaturated) {
    SampleSet set = example_samples();
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::generator);
    EXPECT_TRUE(has_note(summarize(set), "wrk was the bottleneck"));
    set_metric(set, Metric::server_cores, 0.9);
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::both);
    set_metric(set, Metric::generator_cores, 0.84);
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::server);
    EXPECT_FALSE(has_note(summarize(set), "wrk was the bottleneck"));
    set.conditions.placement.server = {1, 2};
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::neither);
    set.conditions.placement.pinned = false;
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::unknown);
    EXPECT_TRUE(has_note(summarize(set), "Server and wrk shared their CPUs"));
}

TEST(Summary, FewerRunsThanPlannedArePartial) {
    SampleSet set = example_samples();
    set.conditions.planned_runs = 4;
    const Summary summary = summarize(set);
    EXPECT_TRUE(summary.partial);
    EXPECT_TRUE(has_note(summary, "Partial:"));
}

TEST(Summary, AContenderThatNeverRanHasARow) {
    SampleSet set = example_samples();
    set.conditions.planned_contenders.emplace_back("late");
    const Summary summary = summarize(set);
    EXPECT_TRUE(summary.partial);
    ASSERT_EQ(summary.rows.size(), 3U);
    EXPECT_EQ(summary.rows[2].contender, "late");
    EXPECT_EQ(summary.rows[2].runs, 0);
    EXPECT_FALSE(summary.rows[2].cpu_ratio);
}

TEST(Summary, CountsErrorsAndWarnsAboveOneInAThousand) {
    SampleSet set = example_samples();
    EXPECT_EQ(summarize(set).rows[0].errors, 3U);
    EXPECT_FALSE(has_note(summarize(set), "wasm:"));
    set_metric(set, Metric::read_errors, 100);
    EXPECT_EQ(summarize(set).rows[0].errors, 300U);
    EXPECT_TRUE(has_note(summarize(set), "wasm: 0.9"));
}

TEST(Summary, ADisturbedMachineIsNoted) {
    SampleSet set = example_samples();
    EXPECT_FALSE(has_note(summarize(set), "Disturbed"));
    set.samples[5].value = 0.5;
    ASSERT_EQ(set.samples[5].metric, Metric::other_cores);
    EXPECT_TRUE(has_note(summarize(set), "Disturbed: other programs used up to 0.50 CPUs"));
}

TEST(Summary, WithoutTheBaselineThereAreNoRatios) {
    SampleSet set = example_samples();
    set.conditions.baseline = "absent";
    for (const SummaryRow& row : summarize(set).rows) {
        EXPECT_FALSE(row.cpu_ratio);
    }
}

}  // namespace
}  // namespace wasmax::lab
