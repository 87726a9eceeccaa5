// The programs of tests/wasix: each asserts what system calls do and exits with 0.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
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

/// Everything below `directory`: paths, contents, times.
std::string description_of(const fs::path& directory) {
    std::string text;
    for (const fs::path name : {"", "file", "secret", "victim", "keep"}) {
        const fs::path path = directory / name;
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            text += "no " + name.string() + "\n";
            continue;
        }
        text += name.string() + " " + std::to_string(status.st_size) + " " +
                std::to_string(status.st_mtim.tv_sec) + "." +
                std::to_string(status.st_mtim.tv_nsec) + " " + std::to_string(status.st_nlink) +
                "\n";
    }
    return text;
}

/// `swap` is a directory and, every other moment, a link that leads out.
void race(const fs::path& box, const fs::path& outside, const Arguments& options,
          const std::string& guest_box) {
    const std::string before = description_of(outside);
    std::atomic<bool> ended{false};
    std::atomic<unsigned> exchanges{0};
    std::thread swapper([&] {
        while (!ended) {
            EXPECT_EQ(::renameat2(AT_FDCWD, (box / "swap").c_str(), AT_FDCWD,
                                  (box / "other").c_str(), RENAME_EXCHANGE),
                      0);
            ++exchanges;
        }
    });
    expect_success("races", options, {guest_box, "2000"});
    ended = true;
    swapper.join();
    EXPECT_GT(exchanges, 100U);
    EXPECT_EQ(description_of(outside), before);
}

TEST_F(Sandbox, NoWayOutWhileLinksChange) {
    const fs::path outside = directory_.path() / "outside";
    for (const char* name : {"outside/file", "outside/victim", "outside/keep"}) {
        directory_.write(name, "outside");
    }
    fs::create_directories(box() / "swap");
    directory_.write("box/swap/file", "inside");
    fs::create_symlink(outside, box() / "other");
    race(box(), outside, {"--dir", box_as("/box")}, "/box");
    race(box(), outside, {"--dir", box_as("/")}, "/");
    // The kernel's confinement must not be what saved it.
    race(box(), outside, {"--no-host-confinement", "--dir", box_as("/box")}, "/box");
}

TEST_F(Sandbox, UnixSocketsOfItsDirectoriesOnly) {
    const std::string path = (directory_.path() / "outside/socket").string();
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::copy(path.begin(), path.end(), address.sun_path);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 5), 0);
    fs::create_symlink(path, box() / "secret-socket");
    expect_success("unix_sockets", {"--net", "--dir", box_as("/box")}, {"net", "/box"});
    EXPECT_FALSE(fs::exists(directory_.path() / "outside/new"));
    expect_success("unix_sockets", {"--dir", box_as("/box")}, {"none", "/box"});
    expect_success("unix_sockets", {"--net=ipv4:allow=*:*", "--dir", box_as("/box")},
                   {"rules", "/box"});
}

TEST(WasixGuest, FilesOfADirectory) {
    const TemporaryDirectory directory;
    expect_success("files", {"--dir", directory.path().string() + ":/d"}, {"/d"});
}

TEST(WasixGuest, FilesOfTheRoot) {
    const TemporaryDirectory directory;
    expect_success("files", {"--dir", directory.path().string() + ":/"}, {"/"});
}

TEST_F(Sandbox, NoWayOutOfADirectory) {
    const fs::path outside = directory_.path() / "outside";
    const std::string before = description_of(outside);
    const std::string alias = "/box:" + box().string();
    expect_success("escape", {"--dir", box_as("/box")}, {"/box"});
    expect_success("escape", {"--volume", box_as("/box")}, {"/box"});
    expect_success("escape", {"--mapdir", alias}, {"/box"});
    expect_success("escape", {"--no-host-confinement", "--dir", box_as("/box")}, {"/box"});
    EXPECT_FALSE(fs::exists(outside / "new"));
    EXPECT_EQ(description_of(outside), before);
}

TEST_F(Sandbox, NoWayOutOfTheRoot) {
    expect_success("escape", {"--dir", box_as("/")}, {"/"});
    expect_success("escape", {"--no-host-confinement", "--dir", box_as("/")}, {"/"});
}

TEST_F(Sandbox, ReadOnlyDirectoriesStayAsTheyAre) {
    const TemporaryDirectory writable;
    writable.write("kept", "kept");
    const std::string before = description_of(box());
    for (const bool confined : {true, false}) {
        for (const Arguments& granted :
             {Arguments{"--dir", box_as("/ro:ro"), "--dir", writable.path().string() + ":/box"},
              Arguments{"--volume", box_as("/ro:ro"), "--mapdir",
                        "/box:" + writable.path().string()}}) {
            Arguments options = granted;
            if (!confined) {  // which must not be what saved it
                options.emplace_back("--no-host-confinement");
            }
            expect_success("read_only", options);
        }
    }
    EXPECT_EQ(description_of(box()), before);
    EXPECT_FALSE(fs::exists(box() / "new"));
}

TEST(WasixGuest, AddressesOf64Bits) {
    const TemporaryDirectory directory;
    expect_success("wide", {"--net", "--dir", directory.path().string() + ":/d"},
                   {"first", "second"});
}

TEST(WasixGuest, PlainWasi) {
    const TemporaryDirectory directory;
    const Arguments options{"--dir", directory.path().string() + ":/"};
    expect_success("plain", options);
    expect_success("plain", options, {"close"});
}

TEST(WasixGuest, DevicesOfARoot) {
    const TemporaryDirectory directory;
    const std::string root = directory.path().string();
    expect_success("devices", {"--dir", root + ":/"});
    EXPECT_TRUE(fs::is_empty(directory.path()));
    expect_success("devices", {"--dir", root + ":."});
    fs::create_directory(directory.path() / "dev");
    expect_success("devices", {"--dir", root + ":/"});
    EXPECT_TRUE(fs::is_empty(directory.path() / "dev"));
    directory.write("dev/null", "own");
    expect_success("devices", {"--dir", root + ":/"}, {"own"});
}

TEST(WasixGuest, LinksBetweenDirectories) {
    const TemporaryDirectory directory;
    fs::create_directories(directory.path() / "d");
    fs::create_directories(directory.path() / "e/inner");
    directory.write("e/kept", "kept");
    const std::string parent = directory.path().string();
    expect_success("links", {"--dir", parent + "/d:/d", "--dir", parent + "/e:/e:ro"});
    EXPECT_FALSE(fs::exists(directory.path() / "e/inner/new"));
}

TEST(WasixGuest, Pipes) { expect_success("pipes"); }

TEST(WasixGuest, StartsLikeAProgramOfLibcs) {
    const Completed completed =
        wasmax({"run", std::string(WASMAX_GUESTS) + "/startup.wat", "argument"});
    EXPECT_EQ(completed.exit_code, 7) << completed.errors;
}

TEST(WasixGuest, PollOneoff) { expect_success("polling"); }

TEST(WasixGuest, Epoll) { expect_success("epoll"); }

}  // namespace
}  // namespace wasmax::e2e
