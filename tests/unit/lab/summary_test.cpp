#include "lab/summary.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "lab/experiment.h"
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

TEST(Summary, AServerIsSaturatedByItsQuota) {
    SampleSet set = example_samples();  // half a CPU
    set_metric(set, Metric::generator_cores, 0.1);
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::neither);
    set.conditions.quota_percent = 50;
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::server);
    set.conditions.quota_percent = 150;
    EXPECT_EQ(summarize(set).rows[0].bottleneck, Bottleneck::neither);
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

TEST(Summary, CountsErrors) {
    SampleSet set = example_samples();
    EXPECT_EQ(summarize(set).rows[0].errors, 3U);
    set_metric(set, Metric::read_errors, 100);
    EXPECT_EQ(summarize(set).rows[0].errors, 300U);
}

// Marks the runs of `contender` whose iteration is at least `first`.
void make_void(SampleSet& set, const char* contender, int first) {
    for (Sample& sample : set.samples) {
        if (sample.contender == contender && sample.iteration >= first) {
            sample.void_reason = "disturbed: x";
        }
    }
}

TEST(Summary, VoidRunsAreLeftOutAndSaid) {
    SampleSet set = example_samples();
    make_void(set, "wasm", 2);
    const Summary summary = summarize(set);
    EXPECT_EQ(summary.rows[0].runs, 2);
    EXPECT_EQ(summary.rows[0].void_runs, 1);
    EXPECT_FALSE(summary.rows[0].all_void);
    EXPECT_DOUBLE_EQ(*summary.rows[0].median_of(Metric::requests_per_second), 997.5);
    // Only rounds in which both count: 950 and 1045 to 1000 and 1100.
    EXPECT_NEAR(summary.rows[0].throughput_ratio->value, 0.95, 1e-9);
    EXPECT_TRUE(has_note(summary, "wasm: 1 void run is left out (disturbed: x)."));
    EXPECT_FALSE(summary.partial);
}

TEST(Summary, AContenderWithoutARunThatCountsIsMarked) {
    SampleSet set = example_samples();
    make_void(set, "wasm", 0);
    const Summary summary = summarize(set);
    EXPECT_TRUE(summary.rows[0].all_void);
    EXPECT_EQ(summary.rows[0].of(Metric::requests_per_second).size(), 1U);
    EXPECT_FALSE(summary.rows[0].throughput_ratio);
    EXPECT_TRUE(has_note(summary, "wasm: void, do not compare it: disturbed: x."));
}

TEST(Summary, ARunRepeatedAfterAVoidOneCounts) {
    SampleSet set = example_samples();
    SampleSet twice = set;
    make_void(set, "wasm", 0);
    set.samples.insert(set.samples.end(), twice.samples.begin(), twice.samples.end());
    const Summary summary = summarize(set);
    EXPECT_EQ(summary.rows[0].runs, 3);
    EXPECT_EQ(summary.rows[0].void_runs, 3);
    EXPECT_DOUBLE_EQ(*summary.rows[0].median_of(Metric::requests_per_second), 1045);
}

TEST(Summary, AnEstimateIsARatioToWhatWasMeasured) {
    SampleSet set = example_samples();
    Summary summary = summarize(set);
    ASSERT_EQ(summary.estimates.size(), 1U);
    EXPECT_EQ(estimated_requests_per_second(summary, summary.estimates[0]), 2200);
    make_void(set, "native", 0);
    summary = summarize(set);
    EXPECT_FALSE(estimated_requests_per_second(summary, summary.estimates[0]));
    summary.estimates[0].of = "nobody";
    EXPECT_FALSE(estimated_requests_per_second(summary, summary.estimates[0]));
}

TEST(Summary, AContenderThatFailedDoesNotMakeItPartial) {
    SampleSet set = example_samples();
    set.conditions.planned_contenders.emplace_back("broken");
    set.absences.push_back(
        {.contender = "broken", .reason = "it died", .why = Absence::Why::failed});
    EXPECT_FALSE(summarize(set).partial);
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
