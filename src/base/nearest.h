#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace wasmax {

/// The candidate with the smallest edit distance to `name`, or nullopt when none is close enough to
/// be a likely slip: at most a third of `name`'s length, and at least one edit. Ties: the first.
/// The view is that of the candidate.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view name,
                                                      std::span<const std::string_view> candidates);

}  // namespace wasmax
