#pragma once

#include <string>
#include <vector>

namespace wasmax::chart {

/// Round numbers from 0 to at least `maximum`, evenly spaced, three to eight of them; `maximum` is
/// finite and above 0.
[[nodiscard]] std::vector<double> axis_ticks(double maximum);

/// Decimals that tell neighbouring ticks apart.
[[nodiscard]] int tick_decimals(const std::vector<double>& ticks);

/// `17,345.2`: groups of three digits.
[[nodiscard]] std::string format_number(double value, int decimals);

}  // namespace wasmax::chart
