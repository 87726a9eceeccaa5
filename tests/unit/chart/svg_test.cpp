#include "chart/svg.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chart/figure.h"

namespace wasmax::chart {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}

Figure bars() {
    return {
        .title = "A <title>",
        .subtitle = "and \"more\"",
        .charts = {BarChart{
            .title = "Time",
            .unit = " µs",
            .better = "less is better",
            .decimals = 1,
            .bars = {{.label = "native", .parts = {2}, .runs = {1.5, 2.5}, .look = Look::baseline},
                     {.label = "guest", .parts = {4}, .range = Range{3, 5}},
                     {.label = "other",
                      .note = "from a paper",
                      .parts = {8},
                      .look = Look::estimate,
                      .tip = "0.5 of guest"}}}},
        .footer = {"a & b"}};
}

TEST(Svg, EveryBarAndRunIsThereOnceAndSaysItsValue) {
    const std::string svg = to_svg(bars());
    EXPECT_EQ(count(svg, "class=\"bar"), 3U);
    EXPECT_EQ(count(svg, "class=\"run\""), 2U);
    EXPECT_EQ(count(svg, "class=\"whisker\""), 1U);
    EXPECT_THAT(svg, HasSubstr("<title>guest: 4.0 µs</title>"));
    EXPECT_THAT(svg, HasSubstr("A &lt;title&gt;"));
    EXPECT_THAT(svg, HasSubstr("a &amp; b"));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(Svg, AnEstimateIsHatchedAndMarked) {
    const std::string svg = to_svg(bars(), Place::file, "x");
    EXPECT_EQ(count(svg, "fill=\"url(#x-hatch)\""), 1U);
    EXPECT_THAT(svg, HasSubstr("≈ 8.0 µs"));
    EXPECT_THAT(svg, HasSubstr("<title>0.5 of guest</title>"));
}

TEST(Svg, WhatDoesNotCountIsHollow) {
    const Figure figure{
        .title = "x",
        .charts = {
            BarChart{.title = "c", .bars = {{.label = "a", .parts = {1}, .look = Look::invalid}}}}};
    EXPECT_THAT(to_svg(figure), HasSubstr("class=\"bar invalid\""));
}

TEST(Svg, InAPageItHasTipsAndNoStyleOfItsOwn) {
    const std::string svg = to_svg(bars(), Place::page);
    EXPECT_THAT(svg, Not(HasSubstr("<style>")));
    EXPECT_EQ(count(svg, "data-tip="), 5U);
    EXPECT_THAT(svg, HasSubstr("data-tip=\"native: 2.0 µs\""));
    EXPECT_NE(svg_rules(Theme::light), svg_rules(Theme::dark));
}

TEST(Svg, StackedBarsHaveALegendAndAPartPerSeries) {
    const Figure figure{.title = "stack",
                        .charts = {BarChart{.title = "Calls",
                                            .unit = " ns",
                                            .series = {"busy", "idle"},
                                            .bars = {{.label = "fd_write", .parts = {10, 30}}}}}};
    const std::string svg = to_svg(figure);
    EXPECT_THAT(svg, HasSubstr("<title>fd_write, busy: 10 ns</title>"));
    EXPECT_THAT(svg, HasSubstr("<title>fd_write, idle: 30 ns</title>"));
    EXPECT_THAT(svg, HasSubstr(">idle</text>"));
    EXPECT_THAT(svg, HasSubstr(">40 ns</text>"));
}

TEST(Svg, LinesJoinTheirPoints) {
    const Figure figure{
        .title = "lines",
        .charts = {LineChart{.title = "Latency",
                             .x_title = "requests/s",
                             .unit = " ms",
                             .lines = {{.name = "a", .points = {{1, 1}, {2, 4}}},
                                       {.name = "b", .points = {{1, 2, "tip of b"}}}}}}};
    const std::string svg = to_svg(figure);
    EXPECT_EQ(count(svg, "class=\"point"), 3U);
    EXPECT_EQ(count(svg, "class=\"series"), 2U);
    EXPECT_THAT(svg, HasSubstr("<title>tip of b</title>"));
}

// After six colours, broken lines and split squares.
TEST(Svg, LinesOfOneColourCanBeTold) {
    LineChart chart{.title = "many", .x_title = "x"};
    for (int i = 0; i < 7; ++i) {
        chart.lines.push_back(
            {.name = std::string(1, static_cast<char>('a' + i)), .points = {{1, 1}, {2, 4}}});
    }
    const std::string svg = to_svg(Figure{.title = "lines", .charts = {chart}});
    EXPECT_EQ(count(svg, "class=\"series c0\" d="), 1U);
    EXPECT_EQ(count(svg, "class=\"series c0\" stroke-dasharray="), 1U);
    EXPECT_EQ(count(svg, "h12v12h-12z"), 6U);
    EXPECT_EQ(count(svg, "h5v12h-5z"), 2U);
}

TEST(Svg, ChartsOfNothingSaySo) {
    const Figure figure{.title = "none",
                        .charts = {BarChart{.title = "bars", .bars = {{.label = "x"}}},
                                   LineChart{.title = "lines", .x_title = "x"}}};
    EXPECT_EQ(count(to_svg(figure), "nothing was measured"), 2U);
}

TEST(Svg, LongLabelsAreShortened) {
    const Figure figure{
        .title = "long",
        .charts = {
            BarChart{.title = "c", .bars = {{.label = std::string(200, 'x'), .parts = {1}}}}}};
    EXPECT_THAT(to_svg(figure), HasSubstr("x…</text>"));
}

}  // namespace
}  // namespace wasmax::chart
