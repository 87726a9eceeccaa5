#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wasmax::launch {

/// What options take whose value is a time: in error messages.
inline constexpr std::string_view kDurationForms = "a time such as 500ms, 10s or 2m";

/// The time that `text` says: a number and `ms`, `s`, `m` or `h`, or a number of seconds. nullopt
/// for anything else, and for what is less than a millisecond or more than 1000 hours.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `1.5 s`, `2 s`, rounded down to tenths; below a second `40 ms`.
[[nodiscard]] std::string to_string(std::chrono::milliseconds time);

}  // namespace wasmax::launch
