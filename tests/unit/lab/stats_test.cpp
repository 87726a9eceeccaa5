#include "lab/stats.h"

#include <array>
#include <cstddef>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wasmax::lab {
namespace {

TEST(Stats, MedianIsTheMiddle) {
    EXPECT_EQ(median(std::vector<double>{}), std::nullopt);
    EXPECT_EQ(median(std::vector<double>{7}), 7);
    EXPECT_EQ(median(std::vector<double>{9, 1, 5}), 5);
    EXPECT_EQ(median(std::vector<double>{9, 1, 5, 6}), 5.5);
}

TEST(Stats, RatioOfEqualListsIsOneWithoutWidth) {
    const std::vector<double> values{3, 1, 2, 5, 4};
    const auto ratio = ratio_of_medians(values, values);
    ASSERT_TRUE(ratio && ratio->interval);
    EXPECT_EQ(ratio->value, 1);
    EXPECT_EQ(ratio->interval->low, 1);
    EXPECT_EQ(ratio->interval->high, 1);
}

TEST(Stats, DriftThatHitsBothSidesOfAPairCancels) {
    const std::vector<double> a{110, 220, 330, 440, 550};
    const std::vector<double> b{100, 200, 300, 400, 500};
    const auto ratio = ratio_of_medians(a, b);
    ASSERT_TRUE(ratio && ratio->interval);
    EXPECT_NEAR(ratio->interval->low, 1.1, 1e-9);
    EXPECT_NEAR(ratio->interval->high, 1.1, 1e-9);
}

TEST(Stats, IntervalHoldsTheRatioAndStaysWithinThePairs) {
    const std::vector<double> a{10, 11, 12, 13, 14, 15, 16, 17};
    const std::vector<double> b{10, 10, 10, 10, 10, 10, 10, 10};
    const auto ratio = ratio_of_medians(a, b);
    ASSERT_TRUE(ratio && ratio->interval);
    EXPECT_DOUBLE_EQ(ratio->value, 1.35);
    EXPECT_LT(ratio->interval->low, ratio->value);
    EXPECT_GT(ratio->interval->high, ratio->value);
    EXPECT_GE(ratio->interval->low, 1.0);
    EXPECT_LE(ratio->interval->high, 1.7);
    EXPECT_DOUBLE_EQ(ratio->interval->confidence, 0.95);
}

TEST(Stats, FewPairsPromiseLess) {
    const auto confidence = [](std::size_t pairs) {
        const std::vector<double> values(pairs, 2.0);
        return ratio_of_medians(values, values)->interval->confidence;
    };
    EXPECT_DOUBLE_EQ(confidence(2), 0.5);
    EXPECT_DOUBLE_EQ(confidence(3), 0.75);
    EXPECT_DOUBLE_EQ(confidence(5), 0.9375);
    EXPECT_DOUBLE_EQ(confidence(6), 0.95);
}

TEST(Stats, WithoutPairsThereIsNoInterval) {
    EXPECT_FALSE(ratio_of_medians({}, std::vector<double>{1}));
    EXPECT_FALSE(ratio_of_medians(std::vector<double>{1}, std::vector<double>{0}));
    const auto single = ratio_of_medians(std::vector<double>{1}, std::vector<double>{2, 2});
    ASSERT_TRUE(single);
    EXPECT_EQ(single->value, 0.5);
    EXPECT_FALSE(single->interval);
}

TEST(Stats, TheSameSamplesGiveTheSameInterval) {
    const std::vector<double> a{1, 5, 2, 8, 3, 9};
    const std::vector<double> b{2, 4, 3, 7, 2, 6};
    const auto first = ratio_of_medians(a, b);
    const auto second = ratio_of_medians(a, b);
    EXPECT_EQ(first->interval->low, second->interval->low);
    EXPECT_EQ(first->interval->high, second->interval->high);
}

TEST(Ratio, IntervalOfTwoEqualProgramsHoldsOneAsOftenAsItSays) {
    std::mt19937_64 random(1);  // NOLINT(bugprone-random-generator-seed): a test that repeats
    // Nearly normal, with standard deviation `deviation`: the sum of twelve uniform values.
    const auto noise = [&](double deviation) {
        double sum = -6;
        for (int i = 0; i < 12; ++i) {
            sum += static_cast<double>(random() >> 11) * 0x1p-53;
        }
        return sum * deviation;
    };
    constexpr int kExperiments = 200;
    constexpr std::size_t kRuns = 6;
    int held = 0;
    for (int experiment = 0; experiment < kExperiments; ++experiment) {
        std::array<double, kRuns> a{};
        std::array<double, kRuns> b{};
        for (std::size_t run = 0; run < kRuns; ++run) {
            const double drift = noise(0.05);  // of the machine, which hits both
            a[run] = 1 + drift + noise(0.02);
            b[run] = 1 + drift + noise(0.02);
        }
        const auto ratio = ratio_of_medians(a, b);
        ASSERT_TRUE(ratio && ratio->interval);
        held += ratio->interval->low <= 1 && 1 <= ratio->interval->high ? 1 : 0;
    }
    EXPECT_GE(held, kExperiments * 95 / 100);
}

}  // namespace
}  // namespace wasmax::lab
