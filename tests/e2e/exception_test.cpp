// C++ exceptions and setjmp, as clang compiles them in both encodings, in `wasmax run`, in
// artifacts and in executables.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::HasSubstr;

/// The suffix of the guests' names.
class Exceptions : public testing::TestWithParam<const char*> {
protected:
    static std::string guest(const std::string& name) {
        return std::string(WASMAX_GUESTS) + "/" + name + "_" + GetParam() + ".wasm";
    }
};

constexpr const char* kOutput =
    "~even\nfind(4) = 8\n"
    "~odd\nnot found: 11\nfind(11) = -1\n"
    "~odd\nnot found: 101\nsomething else\n"
    "~odd\nbroken: negative\n~Broken negative\n"
    "caught 1000\n";

TEST_P(Exceptions, AreCaughtAtEveryLevelOfOptimization) {
    for (const char* level : {"-O0", "-O1", "-O2"}) {
        const Completed completed = wasmax({"run", "--no-cache", level, guest("exceptions")});
        EXPECT_EQ(completed.output, kOutput) << level;
        EXPECT_EQ(completed.exit_code, 0) << level << completed.errors;
    }
}

TEST_P(Exceptions, SayWhereTheyWereThrownWhenNothingCatchesThem) {
    const Completed completed =
        wasmax({"run", "--no-cache", guest("exceptions"), "--", "uncaught"});
    EXPECT_THAT(completed.output, HasSubstr("caught 1000\n"));
    EXPECT_THAT(completed.errors, HasSubstr("uncaught exception: "));
    EXPECT_THAT(completed.errors, HasSubstr("look_up(int)"));
    EXPECT_THAT(completed.errors, HasSubstr("at _start"));
    EXPECT_NE(completed.exit_code, 0);
}

TEST_P(Exceptions, AreCaughtInArtifactsAndExecutables) {
    const TemporaryDirectory directory;
    const std::string artifact = directory.path() / "exceptions.wmx";
    ASSERT_EQ(wasmax({"compile", guest("exceptions"), "-o", artifact}).exit_code, 0);
    EXPECT_EQ(wasmax({"run", artifact}).output, kOutput);
    const std::string program = directory.path() / "exceptions";
    const Completed made = wasmax({"create-exe", guest("exceptions"), "-o", program});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
    EXPECT_EQ(Child({program}).wait().output, kOutput);
}

TEST_P(Exceptions, MakeLongJumps) {
    const Completed completed = wasmax({"run", "--no-cache", guest("jumps")});
    EXPECT_EQ(completed.output, "outer: 42\ninner: 1000 after 1001 rounds\n") << completed.errors;
    EXPECT_EQ(completed.exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Encodings, Exceptions, testing::Values("legacy", "final"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace wasmax::e2e
