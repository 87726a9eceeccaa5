#include "launch/duration.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace wasmax::launch {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double milliseconds;
    };
    constexpr std::array kUnits{Unit{"", 1e3},   Unit{"ms", 1},     Unit{"s", 1e3},
                                Unit{"m", 60e3}, Unit{"min", 60e3}, Unit{"h", 3600e3}};
    constexpr double kMost = 1000 * 3600e3;  // sums of times do not overflow
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        return std::nullopt;
    }
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const Unit& unit : kUnits) {
        const double time = number * unit.milliseconds;
        if (unit.name == name && time >= 1 && time <= kMost) {
            return std::chrono::milliseconds(static_cast<std::int64_t>(time));
        }
    }
    return std::nullopt;
}

std::string to_string(std::chrono::milliseconds time) {
    if (time < std::chrono::seconds(1)) {
        return std::to_string(time.count()) + " ms";
    }
    const auto tenths = time.count() / 100;
    return std::to_string(tenths / 10) +
           (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
}

}  // namespace wasmax::launch
