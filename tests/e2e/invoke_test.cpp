// `run --invoke`: an exported function instead of `_start`, its arguments and results as text.
#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

constexpr const char* kModule = R"((module
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.const 1)))
  (func (export "ready") (result i32) (global.get $ready))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "mirror") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    local.get 3 local.get 2 local.get 1 local.get 0)
  (func (export "vector") (result v128) (v128.const i64x2 1 -1))
  (func (export "nothing"))
  (func (export "trap") unreachable)
  (func (export "reference") (param externref))
  (memory (export "memory") 1)))";

class Invoke : public testing::Test {
protected:
    [[nodiscard]] Completed invoke(Arguments arguments) const {
        arguments.insert(arguments.begin(), {"run", module_, "--invoke"});
        return wasmax(arguments);
    }
    void expect_refused(const Arguments& arguments, const std::string& why) const {
        const Completed completed = invoke(arguments);
        EXPECT_EQ(completed.exit_code, 1);
        EXPECT_EQ(completed.output, "");
        EXPECT_NE(completed.errors.find(why), std::string::npos) << completed.errors;
    }

private:
    TemporaryDirectory place_;
    const std::string module_ = place_.write("m.wat", kModule);
};

TEST_F(Invoke, PrintsResults) {
    EXPECT_EQ(invoke({"fib", "20"}).output, "6765\n");
    EXPECT_EQ(invoke({"nothing"}).output, "");
    EXPECT_EQ(invoke({"vector"}).output, "0xffffffffffffffff0000000000000001\n");
    EXPECT_EQ(invoke({"mirror", "0xffffffff", "18446744073709551615", "0.1", "1e300"}).output,
              "1e+300\n0.1\n-1\n-1\n");
    const Completed negative =
        invoke({"mirror", "--", "-2147483648", "-9223372036854775808", "-inf", "-0"});
    EXPECT_EQ(negative.output, "-0\n-inf\n-9223372036854775808\n-2147483648\n");
    EXPECT_EQ(negative.exit_code, 0);
}

TEST_F(Invoke, InitializesReactors) { EXPECT_EQ(invoke({"ready"}).output, "1\n"); }

TEST_F(Invoke, ReportsTraps) {
    const Completed completed = invoke({"trap"});
    EXPECT_EQ(completed.exit_code, 134);
    EXPECT_NE(completed.errors.find("unreachable"), std::string::npos) << completed.errors;
}

TEST_F(Invoke, SaysWhatIsWrong) {
    expect_refused({"fob", "1"}, "exports no function `fob`");
    expect_refused({"memory"}, "exports no function `memory`");
    expect_refused({"fib"}, "takes 1 arguments, not 0");
    expect_refused({"fib", "1", "2"}, "takes 1 arguments, not 2");
    expect_refused({"fib", "4294967296"}, "`4294967296` is no i32");
    expect_refused({"fib", "1x"}, "`1x` is no i32");
    expect_refused({"fib", ""}, "`` is no i32");
    expect_refused({"mirror", "1", "2", "abc", "1"}, "argument 3");
    expect_refused({"reference", "0"}, "`0` is no externref");
}

}  // namespace
}  // namespace wasmax::e2e
