#include "lab/validity.h"

#include <cmath>

#include <gtest/gtest.h>

#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/metrics.h"

namespace wasmax::lab {
namespace {

const Placement kPlacement{.pinned = true, .server = {1}, .generator = {0}};

std::string reason(const Values& values, const Load& load = {}) {
    return void_reason(values, load, kPlacement, {});
}

TEST(Validity, ARunThatCounts) {
    EXPECT_EQ(reason({{Metric::requests, 1000}, {Metric::read_errors, 1}}), "");
    EXPECT_EQ(reason({{Metric::requests, 10}, {Metric::other_cores, 0.1}}), "");
    EXPECT_EQ(reason({{Metric::requests, 10}, {Metric::generator_cores, 1}}), "");
}

TEST(Validity, RunsThatDoNot) {
    EXPECT_EQ(reason({}), "no request was answered");
    EXPECT_EQ(reason({{Metric::requests, 0}, {Metric::timeout_errors, 7}}),
              "no request was answered");
    EXPECT_EQ(
        reason({{Metric::requests, 990}, {Metric::timeout_errors, 6}, {Metric::status_errors, 4}}),
        "1.00 % of its requests failed");
    EXPECT_EQ(reason({{Metric::requests, 10}, {Metric::other_cores, 0.5}}),
              "disturbed: other programs used 0.50 CPUs");
}

TEST(Validity, AnOpenLoopMustNotBeLimitedByItsGenerator) {
    const Load open{.generator = Generator::open, .rate = 1};
    EXPECT_EQ(reason({{Metric::requests, 10}, {Metric::generator_cores, 0.84}}, open), "");
    EXPECT_EQ(reason({{Metric::requests, 10}, {Metric::generator_cores, 0.86}}, open),
              "the generator used 86 % of its CPU");
}

TEST(Validity, AMissingValueIsNotANumber) {
    EXPECT_TRUE(std::isnan(value_of({}, Metric::requests)));
    EXPECT_EQ(value_of({{Metric::requests, 3}}, Metric::requests), 3);
}

}  // namespace
}  // namespace wasmax::lab
