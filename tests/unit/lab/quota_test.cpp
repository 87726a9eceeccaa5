#include "lab/quota.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/process_tree.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(Quota, SaysWhatIsMissing) {
    const fs::path root = fs::path(testing::TempDir()) / ("quota-" + std::to_string(getpid()));
    fs::create_directories(root);
    EXPECT_THAT(Quota::create_below(root, 50).error().message,
                HasSubstr("--quota needs a cpu control group that we may create, and " +
                          (root / "cpu").string() + " is not there"));
    fs::create_directories(root / "cpu");  // not a control group: nothing can join it
    EXPECT_THAT(Quota::create_below(root, 50).error().message, HasSubstr("takes no limit"));
    std::ofstream(root / "file") << "x";
    EXPECT_THAT(Quota::create_below(root / "file", 50).error().message, HasSubstr("is not there"));
    fs::remove_all(root);
}

// A process that would use a whole CPU gets a tenth of one.
TEST(Quota, LimitsAProcess) {
    auto quota = Quota::create(10);
    if (!quota) {
        GTEST_SKIP() << quota.error().message;
    }
    auto interrupt = Interrupt::create();
    ASSERT_TRUE(interrupt);
    auto child = Child::start(
        {.command = {"sh", "-c", "while :; do :; done"}, .cgroup_fd = quota->procs_fd()});
    ASSERT_TRUE(child) << child.error().message;
    const auto started = Clock::now();
    ASSERT_TRUE(interrupt->wait({}, started + std::chrono::seconds(2)));
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    const double used = usage_of({child->pid()}).cpu_seconds;
    EXPECT_GT(used, 0);
    EXPECT_LT(used, 0.2 * seconds + 0.1);
}

}  // namespace
}  // namespace wasmax::lab
