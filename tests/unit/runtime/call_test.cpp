#include "runtime/call.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/units.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

TEST(Call, PassesEveryTypeInRegisters) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (func (export "swap") (param i32 f32 i64 f64) (result f64 i64 f32 i32)
        local.get 3 local.get 2 local.get 1 local.get 0)
      (func (export "ref") (param externref) (result externref) local.get 0)
      (func (export "wrap") (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
      (func (export "demote") (param f64) (result f32) (f32.demote_f64 (local.get 0)))))"));
    (void)world.invoke(instance, "swap",
                       {Value::i32(~0U), Value::f32(1.5F), Value::i64(~0ULL), Value::f64(-2.5)});
    EXPECT_EQ(world.results, (std::vector<Value>{Value::f64(-2.5), Value::i64(~0ULL),
                                                 Value::f32(1.5F), Value::i32(~0U)}));
    int thing = 0;
    EXPECT_EQ(world.get(instance, "ref", {Value::reference(&thing)}).as_reference(), &thing);
    // What is above 32 bits in the register is not part of the value.
    EXPECT_EQ(world.get(instance, "wrap", {Value::i64(0x1'2345'6789)}), Value::i32(0x2345'6789));
    EXPECT_EQ(world.get(instance, "demote", {Value::f64(0.1)}), Value::f32(0.1F));
}

/// A module whose `f` has `count` parameters of alternating types and returns them in reverse.
std::string reverse(unsigned count) {
    std::string parameters;
    std::string results;
    std::string body;
    const auto type = [](unsigned index) { return std::string(index % 2 == 0 ? " i64" : " f64"); };
    for (unsigned index = 0; index < count; ++index) {
        parameters += type(index);
        results += type(count - 1 - index);
        body += " local.get " + std::to_string(count - 1 - index);
    }
    return "(module (func $f (export \"f\") (param" + parameters + ") (result" + results + ")" +
           body + "))";
}

TEST(Call, PassesWhatDoesNotFitRegistersThroughTheSpillArea) {
    World world;
    for (const unsigned count : {1U, 4U, 5U, 16U, 17U, 100U, 1000U}) {
        SCOPED_TRACE(count);
        Instance& instance = world.instantiate(compile(reverse(count)));
        std::vector<Value> arguments;
        arguments.reserve(count);
        for (unsigned index = 0; index < count; ++index) {
            arguments.push_back(index % 2 == 0 ? Value::i64(index) : Value::f64(index));
        }
        EXPECT_TRUE(std::holds_alternative<Returned>(world.invoke(instance, "f", arguments)));
        EXPECT_EQ(world.results, std::vector<Value>(arguments.rbegin(), arguments.rend()));
    }
}

void leave_with(abi::VmContext* context, std::uint64_t reason) noexcept {
    leave(*context->thread, reason);
}

/// Calls the exported function that ThreadState::host points to.
void call_again(abi::VmContext* context) noexcept {
    ThreadState& thread = *context->thread;
    const auto& function = *static_cast<const Function*>(thread.host);
    const CallOutcome outcome = call(thread, *function.ref, *function.type, {}, {});
    const auto* left = std::get_if<Left>(&outcome);
    EXPECT_TRUE(left != nullptr && left->reason == 5U);
}

TEST(Call, NativeCodeCanEndTheInnermostCall) {
    World world;
    const wasm::FunctionType takes_i64{{wasm::ValueType::i64}, {}};
    Instance& instance =
        world.instantiate(compile(R"((module
          (import "wasix_32v1" "leave" (func $leave (param i64)))
          (import "env" "again" (func $again))
          (global $progress (export "progress") (mut i32) (i32.const 0))
          (func $inner (call $leave (i64.const 5)) (global.set $progress (i32.const -1)))
          (func (export "inner") (call $inner))
          (func (export "outer") (result i32)
            (call $again) (global.set $progress (i32.const 2)) (global.get $progress))
          (func (export "leave") (param i64) (call $leave (local.get 0)))))"),
                          {host_function(leave_with, takes_i64), host_function(call_again, {})});
    const auto inner = exported<Function>(instance, "inner");
    world.thread->host = const_cast<Function*>(&inner);
    EXPECT_EQ(world.get(instance, "outer").as_i32(), 2U);
    const CallOutcome outcome = world.invoke(instance, "leave", {Value::i64(~0ULL)});
    ASSERT_TRUE(std::holds_alternative<Left>(outcome));
    EXPECT_EQ(std::get<Left>(outcome).reason, ~0ULL);
}

// NOLINTNEXTLINE(readability-function-size): as many as path_open has.
std::uint32_t many(abi::VmContext* context, std::uint32_t a, std::uint64_t b, std::uint32_t c,
                   std::uint64_t d, std::uint32_t e, std::uint64_t f, std::uint64_t g,
                   std::uint32_t h, std::uint32_t i) noexcept {
    EXPECT_NE(context->memory0, nullptr);
    return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && g == 7 && h == 8 ? i : 0;
}

TEST(Call, HostModulesAreCalledWithTheCallersContextAndTheCConvention) {
    World world;
    using wasm::ValueType;
    const wasm::FunctionType type{
        {ValueType::i32, ValueType::i64, ValueType::i32, ValueType::i64, ValueType::i32,
         ValueType::i64, ValueType::i64, ValueType::i32, ValueType::i32},
        {ValueType::i32}};
    Instance& instance = world.instantiate(compile(R"((module
          (import "wasi_snapshot_preview1" "many"
            (func $many (param i32 i64 i32 i64 i32 i64 i64 i32 i32) (result i32)))
          (memory 1)
          (table funcref (elem $many))
          (type $t (func (param i32 i64 i32 i64 i32 i64 i64 i32 i32) (result i32)))
          (export "reexported" (func $many))
          (func (export "direct") (param i32) (result i32)
            (call $many (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5)
              (i64.const 6) (i64.const 7) (i32.const 8) (local.get 0)))
          (func (export "indirect") (param i32) (result i32)
            (call_indirect (type $t) (i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4)
              (i32.const 5) (i64.const 6) (i64.const 7) (i32.const 8) (local.get 0)
              (i32.const 0)))))"),
                                           {host_function(many, type)});
    EXPECT_EQ(world.get(instance, "direct", {Value::i32(9)}).as_i32(), 9U);
    EXPECT_EQ(world.get(instance, "indirect", {Value::i32(10)}).as_i32(), 10U);
    EXPECT_EQ(world
                  .get(instance, "reexported",
                       {Value::i32(1), Value::i64(2), Value::i32(3), Value::i64(4), Value::i32(5),
                        Value::i64(6), Value::i64(7), Value::i32(8), Value::i32(11)})
                  .as_i32(),
              11U);
}

TEST(Call, RunsOnALargerStackWhenAskedTo) {
    constexpr Bytes kLarge{32 * kMiB};
    std::uintptr_t stack = 0;
    const auto ran = run_with_stack(kLarge, [&stack, kLarge] {
        World world({}, {.stack = kLarge});
        stack = world.thread->stack.high - world.thread->stack.limit;
        Instance& instance = world.instantiate(compile(R"((module
          (func $f (export "depth") (param i32) (result i32)
            (if (result i32) (local.get 0)
              (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
              (else (i32.const 0))))))"));
        EXPECT_EQ(world.get(instance, "depth", {Value::i32(300'000)}).as_i32(), 300'000U);
        EXPECT_EQ(world.trap(instance, "depth", {Value::i32(~0U)}).code,
                  abi::TrapCode::stack_exhausted);
    });
    EXPECT_TRUE(ran.has_value());
    EXPECT_GE(stack, kLarge.count);
}

}  // namespace
}  // namespace wasmax::runtime
