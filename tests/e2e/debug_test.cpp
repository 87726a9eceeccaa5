// What tools see of compiled code: gdb and perf, through `run -g`, `run --profiler` and
// executables.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = R"((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\18\00\00\00\02\00\00\00\1a\00\00\00\01\00\00\00")
  (data (i32.const 24) "hi\0a")
  (func $innermost_function
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32))))
  (func $middle_function (call $innermost_function) (call $innermost_function))
  (func (export "_start") (call $middle_function)))
)";

bool has_gdb() { return ::access("/usr/bin/gdb", X_OK) == 0; }

/// Stops `command` at its first writev(2): two buffers, since one goes to write(2).
std::string backtrace(const Arguments& command) {
    Arguments arguments{"/usr/bin/gdb",
                        "-batch",
                        "-nx",
                        "-ex",
                        "set backtrace past-main on",
                        "-ex",
                        "catch syscall writev",
                        "-ex",
                        "run",
                        "-ex",
                        "bt",
                        "--args"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return Child(arguments, {}, {"DEBUGINFOD_URLS="}).wait().output;
}

void expect_frames(const std::string& trace) {
    const auto inner = trace.find("innermost_function");
    const auto middle = trace.find("middle_function");
    EXPECT_NE(inner, std::string::npos) << trace;
    EXPECT_NE(middle, std::string::npos) << trace;
    EXPECT_LT(inner, middle) << trace;
}

TEST(Debug, GdbShowsWasmFramesOfRun) {
    if (!has_gdb()) {
        GTEST_SKIP() << "no /usr/bin/gdb here (package gdb)";
    }
    const TemporaryDirectory place;
    expect_frames(backtrace({WASMAX_BINARY, "run", place.write("m.wat", kModule)}));
}

TEST(Debug, GdbShowsWasmFramesOfExecutables) {
    if (!has_gdb()) {
        GTEST_SKIP() << "no /usr/bin/gdb here (package gdb)";
    }
    const TemporaryDirectory place;
    const std::string executable = (place.path() / "exe").string();
    ASSERT_EQ(wasmax({"create-exe", place.write("m.wat", kModule), "-o", executable}).exit_code, 0);
    expect_frames(backtrace({executable}));
}

TEST(Debug, PerfMapNamesEveryFunction) {
    const TemporaryDirectory place;
    const std::string module = place.write("m.wat", kModule);
    // The shell's process becomes wasmax, so that the test knows whose map it is.
    const Completed completed = Child({"/bin/sh", "-c", "echo $$; exec \"$@\"", "sh", WASMAX_BINARY,
                                       "run", "--profiler", "perfmap", module})
                                    .wait();
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    const auto end = completed.output.find('\n');
    EXPECT_EQ(completed.output.substr(end + 1), "hi\nhi\n");
    const fs::path map = "/tmp/perf-" + completed.output.substr(0, end) + ".map";
    std::ifstream stream(map);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    fs::remove(map);
    for (const char* name : {" innermost_function\n", " middle_function\n", " _start\n"}) {
        EXPECT_NE(text.find(name), std::string::npos) << text;
    }
}

TEST(Debug, AnUnknownProfilerIsAUsageError) {
    const TemporaryDirectory place;
    const Completed completed = wasmax({"run", "--profiler", "jit", place.write("m.wat", kModule)});
    EXPECT_EQ(completed.exit_code, 2);
    EXPECT_NE(completed.errors.find("perfmap"), std::string::npos) << completed.errors;
}

}  // namespace
}  // namespace wasmax::e2e
