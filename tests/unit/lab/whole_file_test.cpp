#include "lab/whole_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasmax::lab {
namespace {

using testing::HasSubstr;

TEST(WholeFile, ReadsWhatThereIsAndNamesWhatIsNot) {
    EXPECT_THAT(read_whole_file("/proc/self/status").value(), HasSubstr("VmHWM"));
    EXPECT_EQ(read_whole_file("/absent").error().message,
              "opening /absent: No such file or directory");
    EXPECT_EQ(read_whole_file("/proc").error().message, "reading /proc: Is a directory");
}

}  // namespace
}  // namespace wasmax::lab
