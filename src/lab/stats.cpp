#include "lab/stats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace wasmax::lab {

namespace {

constexpr int kResamples = 10'000;
constexpr double kConfidence = 0.95;
/// Percentiles of resampled medians make intervals that are too narrow for a few runs: resampling
/// underestimates the variance by (n - 1) / n, and the normal distribution's tails are thinner than
/// those of a variance that was estimated. Both are mended by cutting off less (T. Hesterberg,
/// "What Teachers Should Know About the Bootstrap", 2015): Student's t for 97.5 % and 1, 2, ...
/// degrees of freedom, and the normal distribution's beyond.
constexpr std::array kStudent{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                              2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                              2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
constexpr double kNormal = 1.960;

/// The part of the resamples to cut off at either end, for `pairs` runs, of which there are at
/// least two.
double tail_of(std::size_t pairs) {
    const std::size_t freedom = pairs - 1;
    const double student = freedom <= kStudent.size() ? kStudent[freedom - 1] : kNormal;
    const double deviations =
        student * std::sqrt(static_cast<double>(pairs) / static_cast<double>(freedom));
    return std::erfc(deviations / std::numbers::sqrt2) / 2;
}
constexpr std::uint64_t kSeed = 20'240'607;  // any: the same samples must give the same report

double median_of(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    if (values.size() % 2 == 1) {
        return *middle;
    }
    return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

}  // namespace

std::optional<double> median(std::span<const double> values) {
    if (values.empty()) {
        return std::nullopt;
    }
    std::vector<double> copy(values.begin(), values.end());
    return median_of(copy);
}

namespace {

// Whether the runs of both lists are drawn together.
enum class Pairing : std::uint8_t { paired, independent };

void draw(std::span<const double> from, std::mt19937_64& random, std::vector<double>& drawn) {
    for (double& value : drawn) {
        // Not std::uniform_int_distribution, whose results differ between standard libraries; the
        // bias of the remainder is below 2^-50.
        value = from[random() % from.size()];
    }
}

std::optional<Ratio> bootstrapped(std::span<const double> a, std::span<const double> b,
                                  Pairing pairing) {
    const auto median_a = median(a);
    const auto median_b = median(b);
    if (!median_a || !median_b || *median_b == 0) {
        return std::nullopt;
    }
    Ratio ratio{.value = *median_a / *median_b, .interval = std::nullopt};
    const std::size_t pairs = std::min(a.size(), b.size());
    if (pairs < 2) {
        return ratio;
    }
    const bool paired = pairing == Pairing::paired;
    std::mt19937_64 random(kSeed);  // NOLINT(bugprone-random-generator-seed): see kSeed
    std::vector<double> ratios;
    std::vector<double> drawn_a(paired ? pairs : a.size());
    std::vector<double> drawn_b(paired ? pairs : b.size());
    for (int resample = 0; resample < kResamples; ++resample) {
        if (paired) {
            for (std::size_t i = 0; i < pairs; ++i) {
                const std::size_t pair = random() % pairs;
                drawn_a[i] = a[pair];
                drawn_b[i] = b[pair];
            }
        } else {
            draw(a, random, drawn_a);
            draw(b, random, drawn_b);
        }
        const double denominator = median_of(drawn_b);
        if (denominator != 0) {
            ratios.push_back(median_of(drawn_a) / denominator);
        }
    }
    std::ranges::sort(ratios);
    if (ratios.empty()) {
        return ratio;
    }
    const double tail = tail_of(pairs) * static_cast<double>(ratios.size() - 1);
    const auto cut = static_cast<std::size_t>(tail);
    ratio.interval = Interval{
        .low = ratios[cut],
        .high = ratios[ratios.size() - 1 - cut],
        .confidence = std::min(kConfidence, 1 - std::exp2(1 - static_cast<double>(pairs))),
    };
    return ratio;
}

}  // namespace

std::optional<Ratio> ratio_of_medians(std::span<const double> a, std::span<const double> b) {
    return bootstrapped(a, b, Pairing::paired);
}

std::optional<Ratio> ratio_of_independent_medians(std::span<const double> a,
                                                  std::span<const double> b) {
    return bootstrapped(a, b, Pairing::independent);
}

}  // namespace wasmax::lab
