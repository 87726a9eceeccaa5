#include "lab/stats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace wasmax::lab {

namespace {

constexpr int kResamples = 10'000;
constexpr double kConfidence = 0.95;
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
    const double tail = (1 - kConfidence) / 2 * static_cast<double>(ratios.size() - 1);
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
