#include "lab/process.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "lab/interrupt.h"
#include "lab/process_tree.h"
#include "lab/stop.h"

namespace wasmax::lab {
namespace {

using std::chrono::milliseconds;

class Processes : public testing::Test {
protected:
    void SetUp() override {
        auto interrupt = Interrupt::create();
        ASSERT_TRUE(interrupt);
        interrupt_.emplace(std::move(*interrupt));
    }
    Attempt<Output> shell(const std::string& script, milliseconds limit = milliseconds(60'000)) {
        return capture({.launch = {.command = {"/bin/sh", "-c", script}}, .limit = limit},
                       *interrupt_);
    }

    std::optional<Interrupt> interrupt_;
};

TEST_F(Processes, CapturesBothOutputs) {
    const auto output = shell("echo out; echo err >&2");
    ASSERT_TRUE(output);
    EXPECT_EQ(output->text, "out\nerr\n");
    EXPECT_TRUE(output->exit.success());
}

TEST_F(Processes, CapturesNoMoreThanItPromises) {
    const auto output = shell("head -c 3000000 /dev/zero");
    ASSERT_TRUE(output);
    EXPECT_TRUE(output->exit.success());
    EXPECT_GE(output->text.size(), kMaxCapturedBytes);
    EXPECT_LT(output->text.size(), kMaxCapturedBytes + 65'536);
}

TEST_F(Processes, SaysHowAProgramEnded) {
    EXPECT_EQ(shell("exit 3")->exit.describe(), "exit code 3");
    EXPECT_EQ(shell("kill -SEGV $$")->exit.describe(), "signal 11 (Segmentation fault)");
}

TEST_F(Processes, AProgramStartsWithoutOurSignalMask) {
    // SIGINT, which the lab blocks, must reach it.
    EXPECT_EQ(shell("kill -INT $$; echo survived")->exit.describe(), "signal 2 (Interrupt)");
}

TEST_F(Processes, AMissingProgramIsAnError) {
    const auto output = capture(
        {.launch = {.command = {"/absent/program"}}, .limit = milliseconds(1000)}, *interrupt_);
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().error->message, "starting /absent/program: No such file or directory");
}

TEST_F(Processes, TheLimitEndsAProgram) {
    const auto output = shell("sleep 60", milliseconds(50));
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().error->kind, Error::Kind::limit);
}

TEST_F(Processes, TimeOfChildrenIsAccounted) {
    auto child =
        Child::start({.command = {"/bin/sh", "-c", "(i=0; while :; do i=$((i+1)); done) & wait"}});
    ASSERT_TRUE(child);
    const auto used = [&] {
        return usage_of(process_tree(child->pid(), child->mark())).cpu_seconds;
    };
    const double before = used();
    while (used() < before + 0.02) {
        ASSERT_FALSE(child->has_ended());
    }
    const Usage usage = usage_of(process_tree(child->pid(), child->mark()));
    EXPECT_GE(process_tree(child->pid(), child->mark()).size(), 2U);
    EXPECT_GT(usage.peak_resident_bytes, 0U);
}

TEST(FindProgram, SearchesThePath) {
    EXPECT_TRUE(find_program("sh"));
    EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
    EXPECT_FALSE(find_program("no-such-program-anywhere"));
    EXPECT_FALSE(find_program("/absent/sh"));
}

}  // namespace
}  // namespace wasmax::lab
