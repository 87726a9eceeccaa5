// The programs of tests/differential and tests/wasix as guests, on back ends whose transfers are
// interrupted and cut short as a kernel may do it.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "engine/engine.h"
#include "io/direct.h"
#include "io/faulty.h"
#include "wasix/outcome.h"
#include "wasix/process.h"

namespace wasmax::engine {
namespace {

std::string contents_of(int fd) {
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
}

UniqueFd scratch_file() { return UniqueFd(::memfd_create("output", MFD_CLOEXEC)); }

struct Directory {
    Directory() {
        std::string pattern = "/tmp/wasmax-faults-XXXXXX";
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path); }
    std::string path;
};

std::string native_output(const std::string& program) {
    const Directory directory;
    const UniqueFd output = scratch_file();
    const std::string path = std::string(WASMAX_GUESTS) + "/differential_" + program + "_native";
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(output.get(), STDOUT_FILENO);
        ::execl(path.c_str(), path.c_str(), directory.path.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << program;
    return contents_of(output.get());
}

/// Runs a program to its successful end, in a directory `/d` of its own, and returns its output.
std::string run_guest(const Program& program, io::Backend& io, std::vector<std::string> args) {
    const Directory directory;
    const UniqueFd output = scratch_file();
    wasix::ProcessOptions options;
    options.args = std::move(args);
    options.args.insert(options.args.begin(), "guest");
    options.preopens = {{directory.path, "/d", false}};
    options.network = wasix::Network::all;
    options.stdio = {STDIN_FILENO, output.get(), STDERR_FILENO};
    launch::GuestLimits limits;
    limits.io = &io;
    const auto outcome = program.run(std::move(options), limits);
    EXPECT_TRUE(outcome.has_value());
    if (outcome.has_value()) {
        const auto* exited = std::get_if<wasix::Exited>(&*outcome);
        EXPECT_TRUE(std::holds_alternative<runtime::Returned>(*outcome) ||
                    (exited != nullptr && exited->code == 0));
    }
    return contents_of(output.get());
}

std::string guest_output(const Program& program, io::Backend& io) {
    return run_guest(program, io, {"/d"});
}

void expect_same(const std::string& name, io::FaultRates rates) {
    const std::string expected = native_output(name);
    EXPECT_FALSE(expected.empty());
    const auto program =
        Program::load(std::string(WASMAX_GUESTS) + "/differential_" + name + ".wasm");
    ASSERT_TRUE(program.has_value()) << program.error().message;
    io::DirectBackend direct;
    EXPECT_EQ(guest_output(*program, direct), expected);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        io::FaultyBackend faulty(direct, seed, rates);
        EXPECT_EQ(guest_output(*program, faulty), expected) << name << " with seed " << seed;
    }
}

// An interruption is never the guest's business. How much a transfer moves is: only the programs
// that ask for the rest, streams and events, are the same whatever that is.

TEST(Faults, FilesAreTheSameWhenInterrupted) { expect_same("files", {.interrupted = 500}); }

TEST(Faults, PlacesAreTheSameWhenInterrupted) { expect_same("places", {.interrupted = 300}); }

TEST(Faults, SocketsAreTheSameWhenInterrupted) { expect_same("sockets", {.interrupted = 500}); }

TEST(Faults, TransfersAreTheSameWhenInterrupted) { expect_same("transfers", {.interrupted = 500}); }

TEST(Faults, EventsAreTheSameWhenCutShort) {
    expect_same("events", {.interrupted = 300, .short_transfer = 500});
}

TEST(Faults, StreamsAreTheSameWhenRefusedAndCutShort) {
    expect_same("streams", {.interrupted = 200, .would_block = 300, .short_transfer = 500});
}

// The programs of tests/wasix assert what they expect and end with success.

struct AssertingProgram {
    const char* name;
    std::vector<std::string> args;  ///< {} or {"/d"}, the directory it may use
};

class AssertingPrograms : public testing::TestWithParam<AssertingProgram> {};

TEST_P(AssertingPrograms, HoldWhenInterrupted) {
    const auto program =
        Program::load(std::string(WASMAX_GUESTS) + "/" + GetParam().name + ".wasm");
    ASSERT_TRUE(program.has_value()) << program.error().message;
    io::DirectBackend direct;
    run_guest(*program, direct, GetParam().args);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        io::FaultyBackend faulty(direct, seed, {.interrupted = 300});
        run_guest(*program, faulty, GetParam().args);
    }
}

INSTANTIATE_TEST_SUITE_P(Faults, AssertingPrograms,
                         testing::Values(AssertingProgram{"files", {"/d"}},
                                         AssertingProgram{"pipes", {}},
                                         AssertingProgram{"polling", {}},
                                         AssertingProgram{"epoll", {}},
                                         AssertingProgram{"unix_sockets", {"net", "/d"}},
                                         AssertingProgram{"threads_threads", {}},
                                         AssertingProgram{"threads_signals", {}}),
                         [](const auto& program) { return std::string(program.param.name); });

}  // namespace
}  // namespace wasmax::engine
