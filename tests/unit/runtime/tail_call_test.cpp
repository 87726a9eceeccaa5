// Tail calls of compiled code. wasm: exec-return-call

#include <cstdint>
#include <variant>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "runtime/outcome.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"

namespace wasmax::runtime {
namespace {

constexpr const char* kTailCalls = R"((module
  (type $sum (func (param i64 i64) (result i64)))
  ;; More parameters than there are registers, results in both kinds of them.
  (type $wide (func (param i32 i32 i32 i32 i32 i32 i32 f32 f64 i64) (result i32 i64 f32)))
  (table funcref (elem $sum $wide))
  (func $sum (export "sum") (type $sum)
    (if (result i64) (i64.eqz (local.get 0))
      (then (local.get 1))
      (else (return_call $sum (i64.sub (local.get 0) (i64.const 1))
                              (i64.add (local.get 1) (local.get 0))))))
  (func (export "sum_indirect") (param i64) (result i64)
    (return_call_indirect (type $sum) (local.get 0) (i64.const 0) (i32.const 0)))
  (func $wide (type $wide)
    (if (result i32 i64 f32) (i32.eqz (local.get 6))
      (then (local.get 5) (local.get 9) (local.get 7))
      (else (return_call_indirect (type $wide)
        (local.get 1) (local.get 0) (local.get 3) (local.get 2) (local.get 5) (local.get 4)
        (i32.sub (local.get 6) (i32.const 1)) (f32.add (local.get 7) (f32.const 1))
        (local.get 8) (i64.add (local.get 9) (i64.const 1)) (i32.const 1)))))
  (func (export "wide") (param i32) (result i32 i64 f32)
    (call $wide (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
                (local.get 0) (f32.const 0.5) (f64.const 2) (i64.const 7)))
  (func (export "past_the_end") (result i64)
    (return_call_indirect (type $sum) (i64.const 0) (i64.const 0) (i32.const 9)))
  (func (export "other_type") (result i64)
    (return_call_indirect (type $sum) (i64.const 0) (i64.const 0) (i32.const 1)))))";

// Each frame would take at least 16 bytes: these depths do not fit any stack.
TEST(TailCall, LeavesNoFrame) {
    World world;
    Instance& instance = world.instantiate(compile(kTailCalls));
    EXPECT_EQ(world.get(instance, "sum", {Value::i64(10'000'000), Value::i64(0)}).as_i64(),
              50'000'005'000'000U);
    EXPECT_EQ(world.get(instance, "sum_indirect", {Value::i64(10'000'000)}).as_i64(),
              50'000'005'000'000U);
}

TEST(TailCall, PassesWhatDoesNotFitRegisters) {
    World world;
    Instance& instance = world.instantiate(compile(kTailCalls));
    ASSERT_TRUE(
        std::holds_alternative<Returned>(world.invoke(instance, "wide", {Value::i32(1'000'001)})));
    EXPECT_EQ(world.results[0].as_i32(), 5U);
    EXPECT_EQ(world.results[1].as_i64(), 1'000'008U);
    EXPECT_EQ(world.results[2].as_f32(), 1'000'001.5F);
}

TEST(TailCall, TrapsBeforeTheFrameIsGone) {
    World world;
    Instance& instance = world.instantiate(compile(kTailCalls));
    EXPECT_EQ(world.trap(instance, "past_the_end").code, abi::TrapCode::undefined_element);
    EXPECT_EQ(world.trap(instance, "other_type").code, abi::TrapCode::indirect_call_mismatch);
}

}  // namespace
}  // namespace wasmax::runtime
