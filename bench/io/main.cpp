// A table of paired measurements, from lines `native|guest METRIC VALUE` on standard input:
// medians, their ratio with a 95 % interval, and what it must reach. Exits with 1 if input is
// missing or malformed; a goal that is missed is no failure, since times never are.

#include <array>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "lab/stats.h"

namespace {

/// What guest / native has to be.
struct Goal {
    std::string_view metric;
    std::string_view unit;
    bool at_least;
    double ratio;
};

constexpr std::array kGoals{Goal{"file_read", "4 KiB/s", true, 0.97},
                            Goal{"file_write", "4 KiB/s", true, 0.97},
                            Goal{"echo_1_rate", "requests/s", true, 0.97},
                            Goal{"echo_1_cpu", "us/request", false, 1.03},
                            Goal{"echo_100_rate", "requests/s", true, 0.97},
                            Goal{"echo_100_cpu", "us/request", false, 1.03},
                            Goal{"mutex_handoff", "ns", false, 1.1},
                            Goal{"poll_1000", "ns", false, 1.1}};

struct Samples {
    std::vector<double> native;
    std::vector<double> guest;
};

std::optional<std::map<std::string, Samples>> read_samples(std::istream& input) {
    std::map<std::string, Samples> all;
    std::string side;
    std::string metric;
    double value = 0;
    while (input >> side) {
        if (!(input >> metric >> value) || (side != "native" && side != "guest")) {
            return std::nullopt;
        }
        (side == "native" ? all[metric].native : all[metric].guest).push_back(value);
    }
    return all;
}

void print(const Goal& goal, const Samples& samples) {
    const auto ratio = wasmax::lab::ratio_of_medians(samples.guest, samples.native);
    const auto native = wasmax::lab::median(samples.native);
    const auto guest = wasmax::lab::median(samples.guest);
    if (!ratio || !ratio->interval || !native || !guest) {
        fmt::print("{:<14} too few samples\n", goal.metric);
        return;
    }
    const bool reached = goal.at_least ? ratio->value >= goal.ratio : ratio->value <= goal.ratio;
    fmt::print("{:<14} {:<11} {:>12.2f} {:>12.2f} {:>7.3f} [{:.3f}, {:.3f}]  {} {:<4}  {}\n",
               goal.metric, goal.unit, *native, *guest, ratio->value, ratio->interval->low,
               ratio->interval->high, goal.at_least ? ">=" : "<=", goal.ratio,
               reached ? "reached" : "missed");
}

}  // namespace

int main() {
    const auto all = read_samples(std::cin);
    if (!all || all->empty()) {
        fmt::print(stderr, "wasmax_paired: the input is no list of `native|guest METRIC VALUE`\n");
        return 1;
    }
    fmt::print("{:<14} {:<11} {:>12} {:>12} {:>7} {:<16}  {}\n", "metric", "unit", "native",
               "guest", "ratio", "95 % interval", "goal");
    for (const Goal& goal : kGoals) {
        const auto found = all->find(std::string(goal.metric));
        if (found != all->end()) {
            print(goal, found->second);
        }
    }
    return 0;
}
