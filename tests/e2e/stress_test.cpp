// What many rounds of the same leave behind in the host process: nothing.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

TEST(Stress, AMillionOpensLeaveNothing) {
    const TemporaryDirectory directory;
    const std::string fifo = (directory.path() / "input").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const UniqueFd input(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    std::filesystem::create_directory(directory.path() / "d");
    Child child({"bash", "-c", "exec \"$@\" < " + fifo, "bash", WASMAX_BINARY, "run", "--net",
                 "--dir", (directory.path() / "d").string() + ":/d",
                 std::string(WASMAX_GUESTS) + "/opens.wasm", "1000000"});
    struct Held {
        std::size_t fds;
        std::uint64_t resident_kib;
    };
    const auto held_at = [&](const char* word) {
        EXPECT_TRUE(child.wait_for_output(word, 100s));
        const Held held{child.open_fds(), child.status_kib("VmRSS").value_or(0)};
        EXPECT_EQ(::write(input.get(), "x", 1), 1);
        return held;
    };
    const Held warm = held_at("warm");
    const Held done = held_at("done");
    const Completed completed = child.wait();
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(done.fds, warm.fds);
    // A leak of one byte each would be 977 KiB.
    EXPECT_GT(warm.resident_kib, 0U);
    EXPECT_LT(done.resident_kib, warm.resident_kib + 500);
}

}  // namespace
}  // namespace wasmax::e2e
