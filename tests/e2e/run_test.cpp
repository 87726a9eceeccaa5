// `wasmax run` and the command line, as a user meets them.

#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::Test;

/// A guest that writes `text` (at most 255 bytes) to stdout and returns.
std::string hello_wat(const std::string& text) {
    constexpr const char* kHex = "0123456789abcdef";
    const std::string length = {'\\', kHex[text.size() / 16], kHex[text.size() % 16]};
    return R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\10\00\00\00)" +
           length + R"(\00\00\00")
      (data (i32.const 16) ")" +
           text + R"(")
      (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))";
}

/// A guest whose `_start` is `body`, with proc_exit imported as $exit.
std::string exit_wat(const std::string& body) {
    return R"((module
      (import "wasix_32v1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") )" +
           body + "))";
}

TEST(Run, PrintsWhatTheGuestPrints) {
    const Completed completed = run_wat(hello_wat("hello, wasm"));
    EXPECT_EQ(completed.output, "hello, wasm");
    EXPECT_EQ(completed.errors, "");
    EXPECT_EQ(completed.exit_code, 0);
}

TEST(Run, IsImpliedByAFileName) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("hello.wat", hello_wat("hi"));
    EXPECT_EQ(wasmax({path}).output, "hi");
}

TEST(Run, ExitsWithTheGuestsCode) {
    EXPECT_EQ(run_wat(exit_wat("(call $exit (i32.const 7))")).exit_code, 7);
    EXPECT_EQ(run_wat(exit_wat("(call $exit (i32.const 0))")).exit_code, 0);
    // semantics 1.10: code & 0xff
    EXPECT_EQ(run_wat(exit_wat("(call $exit (i32.const -1))")).exit_code, 255);
    EXPECT_EQ(run_wat(exit_wat("(call $exit (i32.const 256))")).exit_code, 0);
}

TEST(Run, NamesFunctionAndOffsetOfATrap) {
    const Completed completed = run_wat(R"((module
      (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
      (func $outer (param i32) (result i32) (i32.add (call $divide (i32.const 1) (local.get 0))
                                                     (i32.const 1)))
      (func (export "_start") (drop (call $outer (i32.const 0))))))");
    EXPECT_EQ(completed.exit_code, 134);
    EXPECT_FALSE(completed.signalled);
    EXPECT_NE(completed.errors.find("integer divide by zero"), std::string::npos)
        << completed.errors;
    EXPECT_NE(completed.errors.find("divide"), std::string::npos) << completed.errors;
    EXPECT_NE(completed.errors.find("outer"), std::string::npos) << completed.errors;
    EXPECT_NE(completed.errors.find("0x"), std::string::npos) << completed.errors;
}

TEST(Run, ReportsEveryKindOfTrap) {
    const auto trap = [](const std::string& body) {
        return run_wat(
            "(module (memory (export \"memory\") 1) (table 4 funcref) (func $rec (call $rec))"
            " (func (export \"_start\") " +
            body + "))");
    };
    const auto expect = [](const Completed& completed, const char* message) {
        EXPECT_EQ(completed.exit_code, 134) << completed.errors;
        EXPECT_NE(completed.errors.find(message), std::string::npos) << completed.errors;
    };
    expect(trap("unreachable"), "unreachable");
    expect(trap("(drop (i32.load (i32.const 65533)))"), "out of bounds memory access");
    expect(trap("(i64.store offset=4294967295 (i32.const -1) (i64.const 1))"),
           "out of bounds memory access");
    expect(trap("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"), "integer overflow");
    expect(trap("(drop (i32.trunc_f32_s (f32.const nan)))"), "invalid conversion to integer");
    expect(trap("(call_indirect (i32.const 9))"), "undefined element");
    expect(trap("(call_indirect (i32.const 1))"), "uninitialized element");
    expect(trap("(call $rec)"), "call stack exhausted");
}

TEST(Run, PassesArgumentsAfterTheSeparator) {
    // Prints the argument buffer, NULs and all.
    const std::string wat = R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $args_sizes_get (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $args_sizes_get (i32.const 0) (i32.const 12)))
        (drop (call $args_get (i32.const 1024) (i32.const 4096)))
        (i32.store (i32.const 8) (i32.const 4096))
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))))";
    const Completed completed = run_wat(wat, {}, {"--net", "two words", ""});
    const std::string expected("\0--net\0two words\0\0", 18);
    ASSERT_GE(completed.output.size(), expected.size());
    EXPECT_EQ(completed.output.substr(completed.output.size() - expected.size()), expected);
    EXPECT_EQ(completed.output.find("guest.wat") != std::string::npos, true) << completed.output;
}

/// Prints the environment, NULs and all.
constexpr const char* kEnvironmentWat = R"((module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get"
        (func $environ_get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get"
        (func $environ_sizes_get (param i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "_start")
        (drop (call $environ_sizes_get (i32.const 0) (i32.const 12)))
        (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
        (i32.store (i32.const 8) (i32.const 65536))
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))))";

TEST(Run, GivesOnlyTheEnvironmentThatWasGranted) {
    EXPECT_EQ(run_wat(kEnvironmentWat).output, "");
    EXPECT_EQ(run_wat(kEnvironmentWat, {"--env", "A=1", "--env", "B=x=y"}).output,
              std::string("A=1\0B=x=y\0", 10));
}

TEST(Run, ForwardsTheHostEnvironmentOnRequest) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("env.wat", kEnvironmentWat);
    const Completed completed =
        wasmax({"run", "--forward-host-env", path}, "", {"WASMAX_TEST_VARIABLE=here"});
    EXPECT_NE(completed.output.find("WASMAX_TEST_VARIABLE=here"), std::string::npos);
}

TEST(Run, RefusesUnknownImportsAllAtOnceWithTheNearestName) {
    const Completed completed = run_wat(R"((module
      (import "wasix_32v1" "sock_acept_v2" (func (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_wrote" (func (param i32 i32 i32 i32) (result i32)))
      (import "env" "mystery" (func))
      (memory (export "memory") 1)
      (func (export "_start"))))");
    EXPECT_NE(completed.exit_code, 0);
    for (const char* name :
         {"sock_acept_v2", "sock_accept_v2", "fd_wrote", "fd_write", "mystery"}) {
        EXPECT_NE(completed.errors.find(name), std::string::npos) << name << completed.errors;
    }
}

constexpr const char* kUnknownImports = R"((module
  (import "env" "many" (func $many
    (param i32 i32 i32 i32 i32 i32 i32 i32 f64 i64) (result i32 i64)))
  (import "wasix_32v1" "nope" (func $nope (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $argc i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $argc (i32.load (i32.const 0)))
    (if (i32.eq (local.get $argc) (i32.const 2)) (then
      (drop (drop (call $many
        (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
        (i32.const 6) (i32.const 7) (f64.const 8) (i64.const 9))))))
    (if (i32.eq (local.get $argc) (i32.const 3)) (then (call $nope (i32.const 1)))))))";

TEST(Run, TrapsAtUnknownImportsOnRequest) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("unknown.wat", kUnknownImports);
    const std::string executable = (directory.path() / "unknown").string();
    EXPECT_EQ(wasmax({"run", path}).exit_code, 1);
    EXPECT_EQ(wasmax({"create-exe", path, "-o", executable}).exit_code, 1);
    ASSERT_EQ(wasmax({"create-exe", "--unknown-imports=trap", path, "-o", executable}).exit_code,
              0);
    const Arguments run{"run", "--unknown-imports=trap", path};
    const auto with = [](Arguments command, const Arguments& more) {
        command.insert(command.end(), more.begin(), more.end());
        return command;
    };
    EXPECT_EQ(wasmax(run).exit_code, 0);
    const Completed other_module = wasmax(with(run, {"1"}));
    EXPECT_EQ(other_module.exit_code, 134);
    EXPECT_NE(other_module.errors.find("\"env\" \"many\""), std::string::npos)
        << other_module.errors;
    const Completed host_module = wasmax(with(run, {"1", "2"}));
    EXPECT_EQ(host_module.exit_code, 134);
    EXPECT_NE(host_module.errors.find("\"wasix_32v1\" \"nope\""), std::string::npos)
        << host_module.errors;
    const Completed made = Child({executable, "1"}).wait();
    EXPECT_EQ(made.exit_code, 134);
    EXPECT_NE(made.errors.find("\"env\" \"many\""), std::string::npos) << made.errors;
}

TEST(Run, RefusesAnImportWithTheWrongType) {
    const Completed completed = run_wat(R"((module
      (import "wasi_snapshot_preview1" "fd_write" (func (param i64) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start"))))");
    EXPECT_EQ(completed.exit_code, 1);
    EXPECT_NE(completed.errors.find("fd_write"), std::string::npos) << completed.errors;
    EXPECT_NE(completed.errors.find("i64"), std::string::npos) << completed.errors;
}

TEST(Run, SaysWhatIsWrongWithAFile) {
    const TemporaryDirectory directory;
    const auto error = [&](const std::string& name, const std::string& contents) {
        const Completed completed = wasmax({"run", directory.write(name, contents)});
        EXPECT_EQ(completed.exit_code, 1) << name;
        EXPECT_FALSE(completed.signalled) << name;
        EXPECT_NE(completed.errors.find(name), std::string::npos) << completed.errors;
        return completed.errors;
    };
    EXPECT_NE(error("empty.wasm", "").find("empty"), std::string::npos);
    EXPECT_NE(error("garbage.wasm", std::string("\x7f\x45\x4c\x46\0\1\2", 7)).find("not a"),
              std::string::npos);
    EXPECT_NE(error("header.wasm", std::string("\0asm", 4)).find("offset"), std::string::npos);
    EXPECT_NE(error("version.wasm", std::string("\0asm\2\0\0\0", 8)).find("version"),
              std::string::npos);
    EXPECT_NE(error("text.wat", "(module (func (export").find("text.wat:1"), std::string::npos);
    EXPECT_NE(error("nested.wat", std::string(3'000'000, '(')).size(), 0U);
    const Completed missing = wasmax({"run", directory.path() / "nothing.wasm"});
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_NE(missing.errors.find("No such file"), std::string::npos) << missing.errors;
}

TEST(Run, RefusesAGigabyteOfNothingAtOnce) {
    const TemporaryDirectory directory;
    for (const std::string& magic : {std::string(), std::string("\0asm\1\0\0\0", 8)}) {
        const std::string path = directory.write("huge.wasm", magic);
        std::filesystem::resize_file(path, std::uintmax_t{1} << 30);  // sparse
        const Completed completed = wasmax({"run", path});
        EXPECT_EQ(completed.exit_code, 1) << completed.errors;
        EXPECT_NE(completed.errors.find("huge.wasm"), std::string::npos) << completed.errors;
    }
}

TEST(Run, NeedsAStartFunctionButNoMemory) {
    const Completed without_start = run_wat("(module (func (export \"main\")))");
    EXPECT_EQ(without_start.exit_code, 1);
    EXPECT_NE(without_start.errors.find("_start"), std::string::npos) << without_start.errors;
    EXPECT_EQ(run_wat("(module (func (export \"_start\")))").exit_code, 0);
    // A system call that needs memory answers memviolation (78) where there is none.
    const Completed without_memory = run_wat(R"((module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (func (export "_start") (call $exit (call $random (i32.const 0) (i32.const 8))))))");
    EXPECT_EQ(without_memory.exit_code, 78) << without_memory.errors;
}

TEST(Run, EndsATightLoopOnInterrupt) {
    const TemporaryDirectory directory;
    const std::string path =
        directory.write("loop.wat", "(module (func (export \"_start\") (loop (br 0))))");
    Child child({WASMAX_BINARY, "run", path});
    std::this_thread::sleep_for(300ms);
    child.signal(SIGINT);
    const Completed completed = child.wait(10s);
    EXPECT_EQ(completed.exit_code, 130);
    EXPECT_FALSE(completed.signalled);
}

/// Ends with the trap, names the function, and does so without a signal.
void expect_timed_out(const Completed& completed, const std::string& function) {
    EXPECT_EQ(completed.exit_code, 134);
    EXPECT_FALSE(completed.signalled);
    EXPECT_NE(completed.errors.find("wasm trap: interrupted"), std::string::npos)
        << completed.errors;
    EXPECT_NE(completed.errors.find(function), std::string::npos) << completed.errors;
}

TEST(Run, EndsATightLoopWhenItsTimeIsUp) {
    const std::string spin = R"((module
      (func $spin (loop (br 0)))
      (func (export "_start") (call $spin))))";
    for (const char* level : {"-O0", "-O1", "-O2"}) {
        expect_timed_out(run_wat(spin, {"--timeout", "50ms", level}), "spin");
    }
    EXPECT_EQ(run_wat(spin, {"--timeout", "50ms", "--trap-exit-code", "7"}).exit_code, 7);
}

TEST(Run, EndsABlockedSystemCallWhenItsTimeIsUp) {
    // A subscription to a clock: an hour from now.
    expect_timed_out(run_wat(R"((module
      (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $sleep (export "_start")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))))",
                             {"--timeout", "50ms"}),
                     "sleep");
}

TEST(Run, HasTimeUpToItsLimit) {
    const Completed completed = run_wat("(module (func (export \"_start\")))",
                                        {"--timeout", "1h", "--trap-exit-code", "9"});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(run_wat("(module)", {"--timeout", "soon"}).exit_code, 2);
    EXPECT_EQ(run_wat("(module)", {"--trap-exit-code", "256"}).exit_code, 2);
}

TEST(CommandLine, KnowsVersionAndHelp) {
    EXPECT_EQ(wasmax({"--version"}).output.rfind("wasmax ", 0), 0U);
    const Completed help = wasmax({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    for (const char* word : {"run", "validate", "bench", "Examples"}) {
        EXPECT_NE(help.output.find(word), std::string::npos) << word;
    }
    EXPECT_NE(wasmax({"run", "--help"}).output.find("--mapdir"), std::string::npos);
}

TEST(CommandLine, SuggestsTheNearestFlagAndCommand) {
    const Completed flag = wasmax({"run", "--nett", "x.wasm"});
    EXPECT_EQ(flag.exit_code, 2);
    EXPECT_NE(flag.errors.find("`--net`"), std::string::npos) << flag.errors;
    const Completed command = wasmax({"vaildate", "x.wasm"});
    EXPECT_EQ(command.exit_code, 2);
    EXPECT_NE(command.errors.find("`validate`"), std::string::npos) << command.errors;
}

TEST(CommandLine, ValidatesModules) {
    const TemporaryDirectory directory;
    const std::string good = directory.write("good.wat", "(module)");
    const std::string bad =
        directory.write("bad.wat", "(module (func (result i32) (i64.const 1)))");
    EXPECT_EQ(wasmax({"validate", good}).exit_code, 0);
    const Completed completed = wasmax({"validate", good, bad});
    EXPECT_EQ(completed.exit_code, 1);
    EXPECT_NE(completed.errors.find("bad.wat"), std::string::npos);
    EXPECT_NE(completed.errors.find("type mismatch"), std::string::npos) << completed.errors;
    EXPECT_EQ(completed.errors.find("good.wat"), std::string::npos);
}

}  // namespace
}  // namespace wasmax::e2e
