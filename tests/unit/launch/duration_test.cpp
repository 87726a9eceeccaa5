#include "launch/duration.h"

#include <chrono>
#include <optional>

#include <gtest/gtest.h>

namespace wasmax::launch {
namespace {

using std::chrono::milliseconds;

TEST(Duration, HasAUnitOrIsInSeconds) {
    EXPECT_EQ(parse_duration("2"), milliseconds(2000));
    EXPECT_EQ(parse_duration("0.5"), milliseconds(500));
    EXPECT_EQ(parse_duration("30ms"), milliseconds(30));
    EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
    EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("1000h"), milliseconds(3'600'000'000));
}

TEST(Duration, IsRefusedWhenItIsNoTimeOrOutOfRange) {
    for (const char* text :
         {"", "s", "-1s", "0", "0.5ms", "1 s", "1x", "nan", "inf", "1e9h", "1s "}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(Duration, ReadsBackShort) {
    EXPECT_EQ(to_string(milliseconds(40)), "40 ms");
    EXPECT_EQ(to_string(milliseconds(1000)), "1 s");
    EXPECT_EQ(to_string(milliseconds(2590)), "2.5 s");
}

}  // namespace
}  // namespace wasmax::launch
