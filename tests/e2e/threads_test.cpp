// Guest threads and signals: the programs of tests/wasix/threads.

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

std::string guest(const std::string& name) {
    return std::string(WASMAX_GUESTS) + "/threads_" + name + ".wasm";
}

TEST(Threads, RunWaitAndJoin) {
    const Completed completed = wasmax({"run", guest("threads")});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Threads, AreAsManyAsTheyMayBe) {
    const Completed completed =
        wasmax({"run", guest("threads"), "--max-threads", "3", "--", "limit"});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Threads, ShareAFilesPosition) {
    const TemporaryDirectory directory;
    const Completed completed =
        wasmax({"run", guest("positions"), "--dir", directory.path().string() + ":/d", "--", "/d"});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Threads, SignalsReachThem) {
    const Completed completed = wasmax({"run", guest("signals")});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Threads, TheProcessEndsWithTheLastOne) {
    const Completed completed = wasmax({"run", guest("outlive")});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(completed.output, "first\nlast\n");
    EXPECT_EQ(wasmax({"run", guest("outlive"), "--", "exit"}).exit_code, 5);
}

/// Who ends the process, how, and what its other threads do at that moment.
using End = std::tuple<std::string, std::string, std::string>;

class ThreadsEnd : public testing::TestWithParam<End> {};

TEST_P(ThreadsEnd, FromAnyState) {
    const auto& [who, how, state] = GetParam();
    const TemporaryDirectory directory;
    ASSERT_EQ(::mkfifo((directory.path() / "fifo").c_str(), 0600), 0);
    const Completed completed = wasmax({"run", guest("end"), "--net", "--dir",
                                        directory.path().string() + ":/d", "--", who, how, state});
    const int expected = how == "trap" ? 134 : how == "signal" ? 128 + SIGTERM : 7;
    EXPECT_EQ(completed.exit_code, expected) << completed.errors;
}

const auto kStates = testing::Values("compute", "futex", "wait32", "sleep", "pipe", "accept",
                                     "recv", "poll", "epoll", "join", "fifo");

std::string end_name(const testing::TestParamInfo<End>& info) {
    return std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" + std::get<2>(info.param);
}

INSTANTIATE_TEST_SUITE_P(ByMain, ThreadsEnd,
                         testing::Combine(testing::Values("main"),
                                          testing::Values("exit", "return", "trap", "signal"),
                                          kStates),
                         end_name);
INSTANTIATE_TEST_SUITE_P(ByOther, ThreadsEnd,
                         testing::Combine(testing::Values("other"),
                                          testing::Values("exit", "trap", "signal"), kStates),
                         end_name);

class Stress : public testing::TestWithParam<std::string> {};

TEST_P(Stress, LosesNothing) {
    const Completed completed = wasmax({"run", guest("stress"), "--net", "--", GetParam()});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

INSTANTIATE_TEST_SUITE_P(Many, Stress,
                         testing::Values("storm", "descriptors", "connections", "closing"),
                         [](const auto& info) { return info.param; });

TEST(Signals, ThatDoNothingDisturbNothing) {
    Child child({WASMAX_BINARY, "run", guest("stress"), "--net", "--", "connections"});
    std::atomic<bool> ended = false;
    std::thread storm([&] {
        while (!ended) {
            child.signal(SIGWINCH);
            child.signal(SIGCONT);
            std::this_thread::sleep_for(1ms);
        }
    });
    EXPECT_TRUE(child.wait_for_output("done\n"));
    ended = true;
    storm.join();
    const Completed completed = child.wait();
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Signals, OfTheHostReachAGuestThatTakesThem) {
    Child child({WASMAX_BINARY, "run", guest("signals"), "--", "wait"});
    ASSERT_TRUE(child.wait_for_output("ready"));
    child.signal(SIGTERM);
    const Completed completed = child.wait();
    EXPECT_FALSE(completed.signalled);
    EXPECT_EQ(completed.exit_code, 3) << completed.errors;
}

TEST(Signals, EndAGuestThatDoesNotTakeThem) {
    const TemporaryDirectory directory;
    const std::string loop = directory.write("loop.wat", R"((module
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\06\00\00\00") (data (i32.const 16) "ready\n")
        (func (export "_start")
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (loop (br 0)))))");
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        Child child({WASMAX_BINARY, "run", loop});
        ASSERT_TRUE(child.wait_for_output("ready"));
        child.signal(number);
        EXPECT_EQ(child.wait().exit_code, 128 + number);
    }
}

TEST(Signals, EndALoopWithoutCallsTheSecondTime) {
    const TemporaryDirectory directory;
    const std::string loop = directory.write("loop.wat", R"((module
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasix_32v1" "callback_signal" (func $callback (param i32 i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\06\00\00\00") (data (i32.const 16) "ready\nsig")
        (func (export "sig") (param i32))
        (func (export "_start")
          (call $callback (i32.const 22) (i32.const 3))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (loop (br 0)))))");
    Child child({WASMAX_BINARY, "run", loop});
    ASSERT_TRUE(child.wait_for_output("ready"));
    child.signal(SIGTERM);
    std::this_thread::sleep_for(600ms);
    child.signal(SIGTERM);
    EXPECT_EQ(child.wait().exit_code, 128 + SIGTERM);
}

TEST(Signals, APipeThatNobodyReadsEndsTheGuest) {
    const TemporaryDirectory directory;
    const std::string yes = directory.write("yes.wat", R"((module
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\02\00\00\00") (data (i32.const 16) "y\n")
        (func (export "_start")
          (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (br 0)))))");
    const std::string script =
        std::string(WASMAX_BINARY) + " run " + yes + " | head -1; echo ${PIPESTATUS[0]}";
    const Completed completed = Child({"bash", "-c", script}).wait();
    EXPECT_EQ(completed.output, "y\n141\n");
}

}  // namespace
}  // namespace wasmax::e2e
