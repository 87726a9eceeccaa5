#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/summary.h"

namespace wasmax::lab {

/// One bar: a median, and the runs it came from.
struct Bar {
    std::string label;
    std::string note;  ///< small, below the label; may be empty
    double value = 0;
    std::vector<double> runs;  ///< drawn as dots
    bool baseline = false;     ///< drawn in grey
};

/// Bars of one quantity on one axis that starts at 0.
struct BarChart {
    std::string title;
    std::string unit;    ///< of the values, behind their numbers
    std::string better;  ///< `more is better` or `less is better`
    int decimals = 0;    ///< of printed values
    std::vector<Bar> bars;
};

struct Figure {
    std::string title;
    std::string subtitle;
    std::vector<BarChart> charts;
    std::vector<std::string> footer;
};

/// Requests per second and CPU per request of every contender. Pure.
[[nodiscard]] Figure founding_figure(const Summary& summary);

/// Round numbers from 0 to at least `maximum`, evenly spaced, three to eight of them; `maximum` >
/// 0.
[[nodiscard]] std::vector<double> axis_ticks(double maximum);

/// `17,345.2`: groups of three digits.
[[nodiscard]] std::string format_number(double value, int decimals);

}  // namespace wasmax::lab
