#include "chart/axis.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "base/assert.h"

namespace wasmax::chart {

std::vector<double> axis_ticks(double maximum) {
    WASMAX_ASSERT(maximum > 0 && std::isfinite(maximum));
    const double power = std::pow(10.0, std::floor(std::log10(maximum)));
    double step = power;
    for (const double factor : {0.2, 0.5, 1.0, 2.0}) {
        step = factor * power;
        if (maximum / step <= 6) {
            break;
        }
    }
    std::vector<double> ticks;
    for (int i = 0; i == 0 || ticks.back() < maximum * (1 - 1e-9); ++i) {
        ticks.push_back(i * step);
    }
    return ticks;
}

int tick_decimals(const std::vector<double>& ticks) {
    const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 1;
    return step >= 1 ? 0 : std::min(9, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
}

std::string format_number(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::size_t first_digit = text.starts_with('-') ? 1 : 0;
    for (std::size_t at = point; at > first_digit + 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

}  // namespace wasmax::chart
