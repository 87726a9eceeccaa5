// Saved stacks and contexts: C programs that jump, and modules that claim to be able to.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::HasSubstr;

constexpr int kTrap = 134;

std::string guest(const std::string& name) {
    return std::string(WASMAX_GUESTS) + "/" + name + ".wasm";
}

TEST(Stacks, AreRestored) {
    for (const char* level : {"-O0", "-O2"}) {
        const Completed completed = wasmax({"run", "--no-cache", level, guest("jumps_asyncify")});
        EXPECT_EQ(completed.exit_code, 0) << level << completed.errors;
        EXPECT_EQ(completed.output, "jumped\n") << level;
    }
}

TEST(Stacks, OfThreadsAreRestored) {
    const Completed completed = wasmax({"run", guest("thread_jumps")});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(Stacks, ThatNobodySavedEndTheProcess) {
    constexpr int kUnknown = 79;
    for (const char* which : {"unknown", "ended"}) {
        const Completed completed = wasmax({"run", guest("jumps_asyncify"), "--", which});
        EXPECT_EQ(completed.exit_code, kUnknown) << which << completed.errors;
    }
}

/// Exports of asyncify's that do what they must, as far as a host can see.
constexpr const char* kHarmless = R"(
  (func (export "asyncify_start_unwind") (param i32))
  (func (export "asyncify_stop_unwind"))
  (func (export "asyncify_start_rewind") (param i32))
  (func (export "asyncify_stop_rewind"))
)";
/// The stack pointer, if a test has no other.
constexpr const char* kPointer = R"(
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
)";

class Hostile : public testing::Test {
protected:
    /// Runs a module with these parts. `$saved` is the error of a checkpoint at 8192.
    [[nodiscard]] Completed run(const std::string& parts) const {
        const std::string text = R"((module
  (import "wasix_32v1" "stack_checkpoint" (func $checkpoint (param i32 i32) (result i32)))
  (import "wasix_32v1" "stack_restore" (func $restore (param i32 i64)))
  (import "wasix_32v1" "proc_exit2" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $saved (result i32) (call $checkpoint (i32.const 8192) (i32.const 8256)))
)" + parts + ")";
        return wasmax({"run", "--no-cache", directory_.write("hostile.wat", text)});
    }
    /// The exit code of a guest that exits with the error of a checkpoint.
    [[nodiscard]] int error_of_checkpoint(const std::string& parts) const {
        return run(parts + R"((func (export "_start") (call $exit (call $saved))))").exit_code;
    }

    TemporaryDirectory directory_;
};

constexpr int kNotsup = 58;
constexpr int kOverflow = 61;

TEST_F(Hostile, WithoutAsyncifyNothingIsSaved) {
    EXPECT_EQ(error_of_checkpoint(kPointer), kNotsup);
    const std::string harmless = kHarmless;
    for (const char* name : {"start_unwind", "stop_unwind", "start_rewind", "stop_rewind"}) {
        std::string missing = harmless;
        missing.replace(missing.find(name), 1, "S");
        EXPECT_EQ(error_of_checkpoint(kPointer + missing), kNotsup) << name;
        std::string of_type = harmless;
        of_type.insert(of_type.find(name) + std::string(name).size() + 2, " (param i64)");
        EXPECT_EQ(error_of_checkpoint(kPointer + of_type), kNotsup) << name;
    }
}

TEST_F(Hostile, InAStartFunctionNothingIsSaved) {
    const Completed completed = run(std::string(kPointer) + kHarmless + R"(
  (global $error (mut i32) (i32.const 0))
  (start $begin)
  (func $begin (global.set $error (call $saved)))
  (func (export "_start") (call $exit (global.get $error))))");
    EXPECT_EQ(completed.exit_code, kNotsup) << completed.errors;
}

TEST_F(Hostile, AStackOutsideOfItsBoundsHasNoRoom) {
    const auto with = [](const std::string& name, const std::string& value) {
        return "(global (export \"" + name + "\") i32 (i32.const " + value + "))";
    };
    const auto pointer = [](const std::string& initial, const std::string& now) {
        return "(global $sp (export \"__stack_pointer\") (mut i32) (i32.const " + initial +
               ")) (func $move (global.set $sp (i32.const " + now + ")))";
    };
    const auto error = [&](const std::string& parts) {
        return run(kHarmless + parts + R"((func (export "_start") (call $move)
                      (call $exit (call $saved))))")
            .exit_code;
    };
    EXPECT_EQ(error(pointer("4096", "0")), kOverflow);
    EXPECT_EQ(error(pointer("4096", "8")), kOverflow) << "the structure itself does not fit";
    EXPECT_EQ(error(pointer("4096", "4097")), kOverflow) << "above the stack";
    EXPECT_EQ(error(pointer("4096", "0xffffffff")), kOverflow);
    EXPECT_EQ(error(pointer("0xffffffff", "0xffffffff")), kOverflow) << "outside of the memory";
    EXPECT_EQ(error(pointer("65537", "4096")), kOverflow);
    EXPECT_EQ(error(pointer("65536", "4096") + with("__data_end", "4090")), kOverflow);
    EXPECT_EQ(error(pointer("65536", "4096") + with("__stack_low", "4096")), kOverflow);
    EXPECT_EQ(error(pointer("4096", "4000") + with("__stack_high", "0xfffffff0")), kOverflow);
    EXPECT_EQ(error(pointer("4096", "4000") + with("__stack_high", "0")), kOverflow);
}

TEST_F(Hostile, SnapshotsLieInMemory) {
    const std::string parts = std::string(kPointer) + kHarmless;
    constexpr int kMemviolation = 78;
    for (const char* call : {"(call $exit (call $checkpoint (i32.const 65513) (i32.const 8)))",
                             "(call $exit (call $checkpoint (i32.const -1) (i32.const 8)))",
                             "(call $exit (call $checkpoint (i32.const 8192) (i32.const 65529)))",
                             "(call $restore (i32.const 65513) (i64.const 1))"}) {
        const Completed completed =
            run(parts + "(func (export \"_start\") " + call + " unreachable)");
        EXPECT_EQ(completed.exit_code, kMemviolation) << call << completed.errors;
    }
}

TEST_F(Hostile, ExportsThatTrapEndTheProcess) {
    const std::string harmless = kHarmless;
    for (const std::string name : {"start_unwind", "stop_unwind", "start_rewind", "stop_rewind"}) {
        const auto with_body = [&](const char* body) {
            std::string parts = harmless;
            parts.insert(parts.find('\n', parts.find(name)) - 1, body);
            return kPointer + parts + R"((func (export "_start") (drop (call $saved))))";
        };
        const Completed completed = run(with_body(" (unreachable)"));
        EXPECT_EQ(completed.exit_code, kTrap) << name << completed.errors;
        EXPECT_THAT(completed.errors, HasSubstr("unreachable")) << name;
        EXPECT_THAT(completed.errors, HasSubstr("asyncify_" + name)) << name;

        const Completed exited = run(with_body(" (call $exit (i32.const 3))"));
        EXPECT_EQ(exited.exit_code, 3) << name << exited.errors;
    }
}

TEST_F(Hostile, NothingIsSavedWhileAStackUnwinds) {
    constexpr int kInval = 28;
    const Completed completed = run(std::string(kPointer) + kHarmless + R"(
  (func (export "_start") (drop (call $saved)) (call $exit (call $saved))))");
    EXPECT_EQ(completed.exit_code, kInval) << completed.errors;
}

TEST_F(Hostile, AStackThatDoesNotUnwindRunsTwice) {
    const Completed completed = run(std::string(kPointer) + kHarmless + R"(
  (func (export "_start")
    (i32.store (i32.const 0x3000) (i32.add (i32.load (i32.const 0x3000)) (i32.const 1)))
    (drop (call $saved))
    (if (i32.eq (i32.load (i32.const 0x3000)) (i32.const 2)) (then (call $exit (i32.const 5))))))");
    EXPECT_EQ(completed.exit_code, 5) << completed.errors;
}

TEST_F(Hostile, AStackThatDoesNotWindUpReturns) {
    const Completed completed = run(std::string(kPointer) + kHarmless + R"(
  (func (export "_start")
    (if (i32.load (i32.const 0x3000)) (then (return)))
    (i32.store (i32.const 0x3000) (i32.const 1))
    (drop (call $saved))))");
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST_F(Hostile, ABufferThatIsNoneEndsTheProcess) {
    for (const char* start : {"0", "7", "4097", "0x80000000", "-1"}) {
        const Completed completed = run(std::string(kPointer) + R"(
  (func (export "asyncify_start_unwind") (param i32)
    (i32.store (local.get 0) (i32.const )" +
                                        std::string(start) + R"()))
  (func (export "asyncify_stop_unwind"))
  (func (export "asyncify_start_rewind") (param i32))
  (func (export "asyncify_stop_rewind"))
  (func (export "_start") (drop (call $saved))))");
        EXPECT_EQ(completed.exit_code, kTrap) << start << completed.errors;
    }
}

TEST_F(Hostile, AStackIsRestoredFromAnywhere) {
    // While it winds up, again, and then for good: 8264 counts.
    const Completed completed = run(std::string(kPointer) + kHarmless + R"(
  (global $calls (mut i32) (i32.const 0))
  (func $count (result i32)
    (i32.store (i32.const 8264) (i32.add (i32.load (i32.const 8264)) (i32.const 1)))
    (i32.load (i32.const 8264)))
  (func (export "_start") (local $time i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (local.set $time (call $count))
    (if (i32.eq (local.get $time) (i32.const 1)) (then (drop (call $saved)) (return)))
    (if (i32.lt_u (local.get $time) (i32.const 100))
      (then (call $restore (i32.const 8192) (i64.const 1))))
    (drop (call $saved))
    (if (i64.ne (i64.load (i32.const 8256)) (i64.const 1)) (then (unreachable)))
    ;; Globals go back to where they were, memory does not.
    (call $exit (i32.add (global.get $calls) (i32.load (i32.const 8264))))))");
    EXPECT_EQ(completed.exit_code, 102) << completed.errors;
}

TEST(Contexts, SwitchAndEnd) {
    for (const char* level : {"-O0", "-O2"}) {
        const Completed completed = wasmax({"run", "--no-cache", level, guest("stacks_contexts")});
        EXPECT_EQ(completed.exit_code, 0) << level << completed.errors;
        EXPECT_EQ(completed.output, "switched\n") << level;
    }
}

TEST(Contexts, EndTheProcess) {
    const auto end = [](const std::string& how) {
        return wasmax({"run", guest("stacks_contexts"), "--", how});
    };
    const Completed trapped = end("trap");
    EXPECT_EQ(trapped.exit_code, kTrap);
    EXPECT_THAT(trapped.errors, HasSubstr("unreachable"));
    EXPECT_THAT(trapped.errors, HasSubstr("  at func[")) << "where the trap was";
    const Completed overflowed = end("overflow");
    EXPECT_EQ(overflowed.exit_code, kTrap);
    EXPECT_THAT(overflowed.errors, HasSubstr("call stack exhausted"));
    EXPECT_EQ(end("exit").exit_code, 5);
    EXPECT_EQ(end("return").exit_code, kTrap);
    EXPECT_EQ(end("handler").exit_code, kTrap);
    EXPECT_EQ(end("left").exit_code, 0);
}

TEST(Contexts, OfThreadsAreTheirOwn) {
    const Completed completed = wasmax({"run", guest("stacks_thread_contexts")});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    EXPECT_EQ(wasmax({"run", guest("stacks_thread_contexts"), "--", "exit"}).exit_code, 3);
}

/// `body` runs in a context that throws `$error` by `$throw`; main then exits with memory's first
/// byte.
std::string with_exceptions(const std::string& body) {
    return R"((module
  (import "wasix_32v1" "context_create" (func $create (param i32 i32) (result i32)))
  (import "wasix_32v1" "context_switch" (func $switch (param i64) (result i32)))
  (import "wasix_32v1" "proc_exit2" (func $exit (param i32)))
  (memory (export "memory") 1)
  (table 2 funcref) (elem (i32.const 1) $entry)
  (tag $error (param i32))
  (func $throw (throw $error (i32.const 40)))
  (func $entry )" +
           body + R"()
  (func (export "_start")
    (if (call $create (i32.const 8) (i32.const 1)) (then (unreachable)))
    (drop (call $switch (i64.load (i32.const 8))))
    (call $exit (i32.load8_u (i32.const 0))))))";
}

TEST(Contexts, CatchWhatIsThrownInThem) {
    const TemporaryDirectory directory;
    const std::string caught = directory.write("caught.wat", with_exceptions(R"(
      (i32.store8 (i32.const 0)
        (i32.add (i32.const 2)
          (try (result i32) (do (call $throw) (i32.const 0)) (catch $error))))
      (drop (call $switch (i64.const 0))))"));
    const Completed completed = wasmax({"run", caught});
    EXPECT_EQ(completed.exit_code, 42) << completed.errors;
    const std::string uncaught = directory.write("uncaught.wat", with_exceptions("(call $throw)"));
    const Completed ended = wasmax({"run", uncaught});
    EXPECT_EQ(ended.exit_code, kTrap);
    EXPECT_THAT(ended.errors, HasSubstr("uncaught exception"));
}

}  // namespace
}  // namespace wasmax::e2e
