// The programs of tests/differential, natively and as guests: both must print the same.

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

void expect_same(const std::string& program, const Arguments& options,
                 const Arguments& native_arguments, const Arguments& guest_arguments) {
    const std::string path = std::string(WASMAX_GUESTS) + "/differential_" + program;
    Arguments native{path + "_native"};
    native.insert(native.end(), native_arguments.begin(), native_arguments.end());
    Arguments guest{"run"};
    guest.insert(guest.end(), options.begin(), options.end());
    guest.push_back(path + ".wasm");
    guest.insert(guest.end(), guest_arguments.begin(), guest_arguments.end());
    const Completed expected = Child(native).wait();
    const Completed completed = wasmax(guest);
    EXPECT_EQ(expected.exit_code, 0) << expected.errors;
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(completed.output, expected.output);
}

TEST(Differential, Files) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("files", {"--dir", guest.path().string() + ":/d"}, {native.path().string()},
                {"/d"});
}

TEST(Differential, FilesOfTheRoot) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("files", {"--dir", guest.path().string() + ":/"}, {native.path().string()}, {"/."});
}

TEST(Differential, Places) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("places", {"--dir", guest.path().string() + ":/d"}, {native.path().string()},
                {"/d"});
    EXPECT_TRUE(std::filesystem::is_empty(guest.path()));
}

TEST(Differential, PlacesOfTheRoot) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("places", {"--dir", guest.path().string() + ":/"}, {native.path().string()}, {"/"});
}

TEST(Differential, Transfers) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("transfers", {"--net", "--dir", guest.path().string() + ":/d"},
                {native.path().string()}, {"/d"});
}

TEST(Differential, Streams) { expect_same("streams", {"--net"}, {}, {}); }

TEST(Differential, Crowd) { expect_same("crowd", {"--net"}, {}, {}); }

TEST(Differential, ExhaustionOfTheGuestsDescriptors) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    expect_same("exhaustion", {"--net", "--max-fds", "64", "--dir", guest.path().string() + ":/d"},
                {native.path().string()}, {"/d"});
}

/// Of those that the host process may have.
TEST(Differential, ExhaustionOfTheHostsDescriptors) {
    const TemporaryDirectory native;
    const TemporaryDirectory guest;
    const std::string program = std::string(WASMAX_GUESTS) + "/differential_exhaustion";
    const Completed expected = Child({program + "_native", native.path().string()}).wait();
    const Completed completed =
        Child({"bash", "-c", "ulimit -n 64 && exec \"$@\"", "bash", WASMAX_BINARY, "run", "--net",
               "--dir", guest.path().string() + ":/d", program + ".wasm", "/d"})
            .wait();
    EXPECT_EQ(expected.exit_code, 0) << expected.errors;
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(completed.output, expected.output);
}

TEST(Differential, Events) { expect_same("events", {}, {}, {}); }

TEST(Differential, Sockets) { expect_same("sockets", {"--net"}, {}, {}); }

}  // namespace
}  // namespace wasmax::e2e
