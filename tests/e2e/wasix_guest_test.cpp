// The programs of tests/wasix: each asserts what system calls do and exits with 0.

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;

void expect_success(const std::string& program, Arguments options = {},
                    const Arguments& arguments = {}) {
    options.insert(options.begin(), "run");
    options.push_back(std::string(WASMAX_GUESTS) + "/" + program + ".wasm");
    options.insert(options.end(), arguments.begin(), arguments.end());
    const Completed completed = wasmax(options);
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

/// A box with links that lead out of it, and a secret beside it.
class Sandbox : public testing::Test {
protected:
    Sandbox() {
        const fs::path outside = directory_.path() / "outside";
        fs::create_directories(box() / "inner");
        fs::create_directories(outside);
        directory_.write("outside/secret", "secret");
        directory_.write("box/kept", "kept");
        fs::create_symlink(outside / "secret", box() / "secret-file");
        fs::create_symlink(outside, box() / "secret-dir");
        fs::create_symlink("..", box() / "up");
        fs::create_symlink("../..", box() / "inner/up");
        fs::create_symlink("../kept", box() / "inner/here");
        fs::create_symlink("/proc/self", box() / "proc");
    }
    [[nodiscard]] fs::path box() const { return directory_.path() / "box"; }
    /// The value of --dir that gives the box as `guest`.
    [[nodiscard]] std::string box_as(const std::string& guest) const {
        return box().string() + ":" + guest;
    }

    TemporaryDirectory directory_;
};

TEST(WasixGuest, FilesOfADirectory) {
    const TemporaryDirectory directory;
    expect_success("files", {"--dir", directory.path().string() + ":/d"}, {"/d"});
}

TEST(WasixGuest, FilesOfTheRoot) {
    const TemporaryDirectory directory;
    expect_success("files", {"--dir", directory.path().string() + ":/"}, {"/"});
}

TEST_F(Sandbox, NoWayOutOfADirectory) {
    expect_success("escape", {"--dir", box_as("/box")}, {"/box"});
    EXPECT_FALSE(fs::exists(directory_.path() / "outside/new"));
}

TEST_F(Sandbox, NoWayOutOfTheRoot) { expect_success("escape", {"--dir", box_as("/")}, {"/"}); }

TEST_F(Sandbox, ReadOnlyDirectoriesStayAsTheyAre) {
    const TemporaryDirectory writable;
    writable.write("kept", "kept");
    expect_success("read_only",
                   {"--dir", box_as("/ro:ro"), "--dir", writable.path().string() + ":/box"});
}

TEST(WasixGuest, PollOneoff) { expect_success("polling"); }

TEST(WasixGuest, Epoll) { expect_success("epoll"); }

}  // namespace
}  // namespace wasmax::e2e
