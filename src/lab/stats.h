#pragma once

#include <optional>
#include <span>

namespace wasmax::lab {

/// The middle value, or the mean of the middle two; nullopt of nothing.
[[nodiscard]] std::optional<double> median(std::span<const double> values);

struct Interval {
    double low = 0;
    double high = 0;
    /// How often, in the long run, such an interval holds the true value. 0.95 from six pairs on;
    /// with fewer, no interval within the pairs can promise more than 1 - 2^(1 - pairs).
    double confidence = 0;
};

struct Ratio {
    double value = 0;
    std::optional<Interval> interval;  ///< nullopt with fewer than two pairs
};

/// median(a) / median(b), with an interval by the bootstrap (percentiles of resampled pairs, with
/// the correction for small samples).
/// `a[i]` and `b[i]` are of the same round, so that a drift of the machine hits both; of lists of
/// unequal length the surplus is left out of the interval. Deterministic. nullopt: one is empty, or
/// the median of `b` is 0.
[[nodiscard]] std::optional<Ratio> ratio_of_medians(std::span<const double> a,
                                                    std::span<const double> b);

/// The same for lists from different experiments, whose runs do not form pairs: each list is
/// resampled by itself.
[[nodiscard]] std::optional<Ratio> ratio_of_independent_medians(std::span<const double> a,
                                                                std::span<const double> b);

}  // namespace wasmax::lab
