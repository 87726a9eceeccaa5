#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace wasmax::chart {

/// How a bar is drawn beyond its colour.
enum class Look : std::uint8_t {
    plain,
    baseline,  ///< in grey: what the others are compared with
    estimate,  ///< hatched: not measured here
    invalid,   ///< hollow: measured, but it does not count
};

struct Range {
    double low = 0;
    double high = 0;
};

/// One bar, from 0 to the sum of its parts.
struct Bar {
    std::string label;
    std::string note = {};            ///< small, below the label; may be empty
    std::vector<double> parts = {};   ///< at least 0 each; more than one is a stacked bar
    std::vector<double> runs = {};    ///< drawn as dots: what the bar was made from
    std::optional<Range> range = {};  ///< drawn as a whisker
    Look look = Look::plain;
    std::string tip = {};  ///< shown on hovering; empty: label and value

    [[nodiscard]] double value() const;
};

/// Bars of one quantity on one axis that starts at 0.
struct BarChart {
    std::string title;
    std::string unit = {};                 ///< of the values, directly behind their numbers
    std::string better = {};               ///< `more is better`, `less is better`, or nothing
    int decimals = 0;                      ///< of printed values
    std::vector<std::string> series = {};  ///< names of the parts, for a legend; empty: none
    std::vector<Bar> bars = {};
};

struct Point {
    double x = 0;
    double y = 0;
    std::string tip = {};  ///< shown on hovering; empty: the series' name and the value
};

struct Line {
    std::string name;
    std::vector<Point> points = {};  ///< in the order in which they are joined
};

/// Lines over an axis of numbers; both axes start at 0.
struct LineChart {
    std::string title;
    std::string x_title;
    std::string unit = {};  ///< of y, directly behind the numbers
    std::string better = {};
    int decimals = 0;
    std::vector<Line> lines = {};
};

using Chart = std::variant<BarChart, LineChart>;

/// Charts below one another, under a title and above some sentences.
struct Figure {
    std::string title;
    std::string subtitle = {};
    std::vector<Chart> charts = {};
    std::vector<std::string> footer = {};
};

}  // namespace wasmax::chart
