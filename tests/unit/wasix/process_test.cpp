// Arguments, environment, clocks, randomness, threads, the working directory, exit.

#include "wasix/process.h"

#include <poll.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/call.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/value.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kBuffer = 0x1000;
constexpr std::uint32_t kOut = 0x2001;
constexpr std::uint32_t kEnd = Guest::kMemoryBytes;

class ProcessCalls : public OnEachBackend {
protected:
    static ProcessOptions options() {
        ProcessOptions options;
        options.args = {"program", "", "two words"};
        options.env = {"HOME=/", "EMPTY="};
        options.stdio = {-1, -1, -1};
        return options;
    }
};
INSTANTIATE_TEST_SUITE_P(, ProcessCalls, testing::Bool(), backend_name);

TEST_P(ProcessCalls, GiveArgumentsAndEnvironment) {
    Guest guest = make(options());
    ASSERT_EQ(guest.call("args_sizes_get", kOut, kOut + 4), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 3U);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut + 4), 19U) << "NULs included";
    ASSERT_EQ(guest.call("args_get", kOut, kBuffer), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), kBuffer);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut + 4), kBuffer + 8);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut + 8), kBuffer + 9);
    EXPECT_EQ(guest.text(kBuffer, 19), std::string("program\0\0two words\0", 19));
    ASSERT_EQ(guest.call("environ_sizes_get", kOut, kOut + 4), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 2U);
    ASSERT_EQ(guest.call("environ_get", kOut, kBuffer), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 14), std::string("HOME=/\0EMPTY=\0", 14));

    guest.fill(kBuffer, 32, 0xee);
    EXPECT_EQ(guest.call("args_get", kEnd - 11, kBuffer), Errno::memviolation);
    EXPECT_EQ(guest.call("args_get", kOut, kEnd - 18), Errno::memviolation);
    EXPECT_EQ(guest.text(kBuffer, 32), std::string(32, '\xee')) << "nothing was written";
    EXPECT_EQ(guest.call("args_get", kOut, kEnd - 19), Errno::success);
}

TEST_P(ProcessCalls, GiveNothingWhereThereIsNothing) {
    ProcessOptions none;
    none.stdio = {-1, -1, -1};
    Guest guest = make(none);
    ASSERT_EQ(guest.call("args_sizes_get", kOut, kOut + 4), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 0U);
    EXPECT_EQ(guest.call("args_get", kEnd, kEnd), Errno::success) << "no bytes, just past the end";
    EXPECT_EQ(guest.call("args_get", kEnd + 1, 0), Errno::memviolation);
}

TEST_P(ProcessCalls, TellTheTime) {
    Guest guest = make(options());
    const auto now = [&](int clock) {
        EXPECT_EQ(guest.call("clock_time_get", clock, std::uint64_t{0}, kOut), Errno::success);
        return guest.load<std::uint64_t>(kOut);
    };
    const std::array<clockid_t, 4> host{CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                        CLOCK_THREAD_CPUTIME_ID};
    for (int clock = 0; clock < 4; ++clock) {
        const auto host_now = [&] {
            timespec time{};
            ::clock_gettime(host[static_cast<std::size_t>(clock)], &time);
            return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
                   static_cast<std::uint64_t>(time.tv_nsec);
        };
        const std::uint64_t before = host_now();
        const std::uint64_t guest_now = now(clock);
        EXPECT_LE(before, guest_now);
        EXPECT_LE(guest_now, host_now());
        ASSERT_EQ(guest.call("clock_res_get", clock, kOut), Errno::success);
        EXPECT_GT(guest.load<std::uint64_t>(kOut), 0U);
    }
    ASSERT_EQ(guest.call("clock_time_set", 0, std::uint64_t{1'000'000'000}), Errno::success);
    EXPECT_GE(now(0), 1'000'000'000U);
    EXPECT_LT(now(0), std::uint64_t{1} << 60) << "long before the host's time";
    for (const std::uint32_t clock : {4U, 0xffff'ffffU}) {
        EXPECT_EQ(guest.call("clock_time_get", clock, std::uint64_t{0}, kOut), Errno::inval);
        EXPECT_EQ(guest.call("clock_res_get", clock, kOut), Errno::inval);
        EXPECT_EQ(guest.call("clock_time_set", clock, std::uint64_t{0}), Errno::inval);
    }
}

TEST_P(ProcessCalls, GiveRandomBytes) {
    Guest guest = make(options());
    std::set<std::string> seen;
    for (int i = 0; i < 8; ++i) {
        ASSERT_EQ(guest.call("random_get", kBuffer, 16), Errno::success);
        seen.insert(guest.text(kBuffer, 16));
    }
    EXPECT_EQ(seen.size(), 8U);
    EXPECT_EQ(guest.call("random_get", 0, kEnd), Errno::success);
    EXPECT_EQ(guest.call("random_get", 1, kEnd), Errno::memviolation);
    EXPECT_EQ(guest.call("random_get", kEnd, 0), Errno::success);
}

TEST_P(ProcessCalls, SleepAtLeastAsLongAsAsked) {
    Guest guest = make(options());
    const auto now = [&] {
        EXPECT_EQ(guest.call("clock_time_get", 1, std::uint64_t{0}, kOut), Errno::success);
        return guest.load<std::uint64_t>(kOut);
    };
    const std::uint64_t before = now();
    EXPECT_EQ(guest.call("thread_sleep", std::uint64_t{2'000'000}), Errno::success);
    EXPECT_GE(now() - before, 2'000'000U);
    EXPECT_EQ(guest.call("thread_sleep", std::uint64_t{0}), Errno::success);
    EXPECT_EQ(guest.call("sched_yield"), Errno::success);
}

TEST_P(ProcessCalls, KnowWhoTheyAre) {
    Guest guest = make(options());
    ASSERT_EQ(guest.call("proc_id", kOut), Errno::success);
    EXPECT_EQ(guest.load<std::int32_t>(kOut), 1);
    ASSERT_EQ(guest.call("thread_id", kOut), Errno::success);
    EXPECT_EQ(guest.load<std::int32_t>(kOut), 1) << "the main thread's id is the process's";
    EXPECT_EQ(guest.call("proc_parent", 1, kOut), Errno::success);
    EXPECT_EQ(guest.call("proc_parent", 2, kOut), Errno::badf);
    ASSERT_EQ(guest.call("thread_parallelism", kOut), Errno::success);
    EXPECT_GE(guest.load<std::uint32_t>(kOut), 1U);
    EXPECT_EQ(guest.call("proc_snapshot"), Errno::success);
}

TEST_P(ProcessCalls, StartWithoutSignalDispositions) {
    Guest guest = make(options());
    guest.fill(kOut, 4, 0xee);
    ASSERT_EQ(guest.call("proc_signals_sizes_get", kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 0U);
    EXPECT_EQ(guest.call("proc_signals_get", kBuffer), Errno::success);
    const Thread& main = guest.process().threads().main();
    guest.store_text(kBuffer, "__wasm_signal");
    guest.call("callback_signal", kEnd - 1, 13);
    EXPECT_FALSE(main.blocks_signals) << "no name";
    guest.call("callback_signal", kBuffer, 13);
    EXPECT_TRUE(main.blocks_signals) << "no such export: they stay pending";
    EXPECT_EQ(guest.call("proc_raise", 15), Errno::success);
    EXPECT_EQ(main.pending_signals, std::uint64_t{1} << 15U);
}

TEST_P(ProcessCalls, KeepAWorkingDirectory) {
    ProcessOptions with_directories = options();
    with_directories.preopens = {{".", "/a/b/c"}, {".", "/a/b/d"}, {".", "/abc"}};
    Guest guest = make(with_directories);
    const auto cwd = [&] {
        guest.store(kOut, std::uint32_t{64});
        EXPECT_EQ(guest.call("getcwd", kBuffer, kOut), Errno::success);
        const auto bytes = guest.load<std::uint32_t>(kOut);
        EXPECT_EQ(guest.load<char>(kBuffer + bytes), '\0');
        return guest.text(kBuffer, bytes);
    };
    const auto chdir = [&](std::string_view path) {
        guest.store_text(kBuffer, path);
        return guest.call("chdir", kBuffer, static_cast<std::uint32_t>(path.size()));
    };
    EXPECT_EQ(cwd(), "/");
    EXPECT_EQ(chdir("/a//b/./c/"), Errno::success);
    EXPECT_EQ(cwd(), "/a/b/c");
    EXPECT_EQ(chdir("../d"), Errno::success);
    EXPECT_EQ(cwd(), "/a/b/d");
    EXPECT_EQ(chdir("../../../../.."), Errno::success);
    EXPECT_EQ(cwd(), "/");
    EXPECT_EQ(chdir(""), Errno::noent);
    EXPECT_EQ(chdir("/nowhere"), Errno::noent);
    EXPECT_EQ(chdir("/abc/no such directory"), Errno::noent);
    EXPECT_EQ(chdir(std::string("a\0b", 3)), Errno::inval);
    EXPECT_EQ(chdir(std::string(5000, 'x')), Errno::nametoolong);
    EXPECT_EQ(guest.call("chdir", kEnd - 1, 2), Errno::memviolation);
    EXPECT_EQ(chdir("/abc"), Errno::success);
    guest.store(kOut, std::uint32_t{4});
    EXPECT_EQ(guest.call("getcwd", kBuffer, kOut), Errno::range);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 5U) << "with the NUL";
    guest.store(kOut, std::uint32_t{0});
    EXPECT_EQ(guest.call("getcwd", 0, kOut), Errno::range);
    guest.store(kOut, std::uint32_t{5});
    EXPECT_EQ(guest.call("getcwd", 0, kOut), Errno::inval);
    EXPECT_EQ(guest.call("getcwd", kEnd - 4, kOut), Errno::memviolation);
}

TEST_P(ProcessCalls, HaveNoTerminalWithoutOne) {
    Guest guest = make(options());
    EXPECT_EQ(guest.call("tty_get", kOut), Errno::notsup);
    EXPECT_EQ(guest.call("tty_set", kBuffer), Errno::notsup);
}

TEST_P(ProcessCalls, AreStubsWithTheDocumentedErrno) {
    Guest guest = make(options());
    EXPECT_EQ(guest.call("port_addr_clear"), Errno::notsup);
}

/// Calls an entry from the runtime, as wasm code would be: it leaves instead of returning.
runtime::CallOutcome leave_through(Guest& guest, std::string_view name, std::uint32_t code) {
    const Syscall* row = find_syscall("wasix_32v1", name);
    const wasm::FunctionType type = row->narrow.type();
    const auto function = guest.store().native_function({row->narrow.entry, type});
    EXPECT_TRUE(function.has_value());
    const std::array arguments{runtime::Value::i32(code)};
    return runtime::call(guest.thread(), *function->ref, type, arguments, {});
}

TEST_P(ProcessCalls, ExitWithTheLowByteOfTheCode) {
    Guest guest = make(options());
    for (const char* name : {"proc_exit", "proc_exit2"}) {
        for (const auto& [code, expected] :
             {std::pair{0U, 0}, {7U, 7}, {256U, 0}, {0xffff'ffffU, 255}}) {
            const auto outcome = leave_through(guest, name, code);
            const auto* left = std::get_if<runtime::Left>(&outcome);
            ASSERT_NE(left, nullptr);
            EXPECT_EQ(Process::exited(*left).code, expected);
        }
    }
    const auto outcome = leave_through(guest, "thread_exit", 5);
    const auto* left = std::get_if<runtime::Left>(&outcome);
    ASSERT_NE(left, nullptr);
    EXPECT_EQ(Process::exited(*left).code, 0) << "the code is ignored";
}

}  // namespace
}  // namespace wasmax::wasix
