// How many threads a host process has while its guest has one, and whose files they share: the
// kernel counts users of a file in every call of a process whose threads share a table.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;

/// Opens a pipe, asks for a timer if `sets_timer`, says `ready` and sleeps for a minute.
std::string sleeper(bool sets_timer) {
    const std::string timer =
        sets_timer ? "(drop (call $timer (i32.const 14) (i64.const 3600000000000) (i32.const 0)))"
                   : "";
    return R"((module
  (import "wasix_32v1" "fd_pipe" (func $pipe (param i32 i32) (result i32)))
  (import "wasix_32v1" "proc_raise_interval" (func $timer (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "ready\n")
  (data (i32.const 64) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00")
  (func (export "_start")
    (drop (call $pipe (i32.const 32) (i32.const 36)))
    )" + timer +
           R"(
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 40)))
    (i64.store (i32.const 88) (i64.const 60000000000))
    (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 44)))))
)";
}

std::vector<pid_t> tasks_of(pid_t process) {
    std::vector<pid_t> tasks;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
        tasks.push_back(std::stoi(entry.path().filename().string()));
    }
    return tasks;
}

/// How many descriptors above 2 the task's table has.
std::size_t files_of(pid_t process, pid_t task) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/task/" +
                                                    std::to_string(task) + "/fd")) {
        count += std::stoi(entry.path().filename().string()) > 2 ? 1 : 0;
    }
    return count;
}

class Tasks : public testing::Test {
protected:
    Tasks() : quiet_(directory_.write("quiet.wat", sleeper(false))) {}

    [[nodiscard]] std::string made(const std::string& verb) const {
        const std::string path = (directory_.path() / verb).string();
        const Completed completed = wasmax({verb, quiet_, "-o", path});
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
        return path;
    }
    /// The guest sleeps in one thread; all others are `helpers`, which share none of its files.
    static void expect_alone(const Arguments& command, std::size_t helpers = 0) {
        Child child(command);
        ASSERT_TRUE(child.wait_for_output("ready")) << child.wait(1s).errors;
        std::size_t alone = 0;
        for (const pid_t task : tasks_of(child.pid())) {
            if (task == child.pid()) {
                EXPECT_GE(files_of(child.pid(), task), 2U);  // the pipe
            } else {
                // The helper may not have got as far when the guest already sleeps.
                for (int i = 0; i < 1000 && files_of(child.pid(), task) != 0; ++i) {
                    std::this_thread::sleep_for(10ms);
                }
                EXPECT_EQ(files_of(child.pid(), task), 0U);
                ++alone;
            }
        }
        EXPECT_EQ(alone, helpers);
    }

    TemporaryDirectory directory_;
    const std::string quiet_;
};

TEST_F(Tasks, OneOfAPlainGuest) {
    expect_alone({WASMAX_BINARY, "run", quiet_});
    expect_alone({WASMAX_BINARY, "run", quiet_, "--no-host-confinement"});
    expect_alone({WASMAX_BINARY, "run", made("compile")});
    expect_alone({made("create-exe")});
}

TEST_F(Tasks, OneOfARecordedGuest) {
    expect_alone({WASMAX_BINARY, "run", quiet_, "--trace=" + (directory_.path() / "t").string()});
}

TEST_F(Tasks, ThoseThatKeepTimeHaveNoFiles) {
    expect_alone({WASMAX_BINARY, "run", quiet_, "--timeout", "1h"}, 1);
    const std::string timed = directory_.write("timed.wat", sleeper(true));
    expect_alone({WASMAX_BINARY, "run", timed}, 1);
    expect_alone({WASMAX_BINARY, "run", timed, "--timeout", "1h"}, 2);
}

}  // namespace
}  // namespace wasmax::e2e
