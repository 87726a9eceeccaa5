#include "chart/axis.h"

#include <vector>

#include <gtest/gtest.h>

namespace wasmax::chart {
namespace {

TEST(Axis, TicksAreRoundAndReachTheMaximum) {
    EXPECT_EQ(axis_ticks(5), (std::vector<double>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(axis_ticks(17'345), (std::vector<double>{0, 5000, 10'000, 15'000, 20'000}));
    for (const double maximum : {0.013, 1.0, 2.4, 9.99, 10.0, 99.0, 123'456.0}) {
        const auto ticks = axis_ticks(maximum);
        EXPECT_GE(ticks.size(), 3U) << maximum;
        EXPECT_LE(ticks.size(), 8U) << maximum;
        EXPECT_GE(ticks.back(), maximum * (1 - 1e-9));
    }
}

TEST(Axis, NumbersAreGrouped) {
    EXPECT_EQ(format_number(0, 0), "0");
    EXPECT_EQ(format_number(999.6, 0), "1,000");
    EXPECT_EQ(format_number(1234567.891, 2), "1,234,567.89");
    EXPECT_EQ(format_number(-1234, 0), "-1,234");
    EXPECT_EQ(format_number(-123, 0), "-123");
}

TEST(Axis, DecimalsTellTicksApart) {
    EXPECT_EQ(tick_decimals({0, 500, 1000}), 0);
    EXPECT_EQ(tick_decimals({0, 1}), 0);
    EXPECT_EQ(tick_decimals({0, 0.5}), 1);
    EXPECT_EQ(tick_decimals({0, 0.02}), 2);
    EXPECT_EQ(tick_decimals({0, 0.001}), 3);
}

}  // namespace
}  // namespace wasmax::chart
