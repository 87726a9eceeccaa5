// What differential fuzzing found (tests/fuzz/README.md) and no other test covers: scripts for
// `wasmax wast`, at every level of optimization.

#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

/// Every assertion of `script` holds, however it is compiled.
void expect_passes(const std::string& script) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("find.wast", script);
    for (const char* level : {"-O0", "-O1", "-O2"}) {
        const Completed completed = wasmax({"wast", level, path});
        EXPECT_EQ(completed.exit_code, 0) << level << ": " << completed.output << completed.errors;
    }
}

// refs-22025: at -O2 the first write was dropped, since the second follows with no read between
// them.
TEST(FuzzFind, GlobalsKeepWhatWasWrittenBeforeATrap) {
    expect_passes(R"((module
        (memory 1) (global $g (export "g") (mut i32) (i32.const 0))
        (func (export "store") (global.set $g (i32.const 1))
          (i32.store (i32.const -1) (i32.const 0)) (global.set $g (i32.const 2)))
        (func (export "load") (result i32) (local i32) (global.set $g (i32.const 3))
          (local.set 0 (i32.load (i32.const -1))) (global.set $g (i32.const 4)) (i32.const 0)))
      (assert_trap (invoke "store") "out of bounds memory access")
      (assert_return (get "g") (i32.const 1))
      (assert_trap (invoke "load") "out of bounds memory access")
      (assert_return (get "g") (i32.const 3)))");
}

/// Whether a guest that only reads out of bounds, and does not use what it read, ends with a trap.
int exit_code_of_dead_load(const Arguments& options) {
    return run_wat(R"((module (memory 1) (func (export "_start") (local i32)
        (local.set 0 (i32.load (i32.const -1))))))",
                   options)
        .exit_code;
}

// docs/decisions/0013: strict compilation is what an access needs to trap whose value nobody uses.
TEST(FuzzFind, StrictCompilationKeepsDeadLoads) {
    constexpr int kTrapped = 134;
    EXPECT_EQ(exit_code_of_dead_load({"-O0"}), kTrapped);
    EXPECT_EQ(exit_code_of_dead_load({"-O1", "--strict"}), kTrapped);
    EXPECT_EQ(exit_code_of_dead_load({"-O2", "--strict"}), kTrapped);
    EXPECT_EQ(exit_code_of_dead_load({"-O1"}), 0);
}

}  // namespace
}  // namespace wasmax::e2e
