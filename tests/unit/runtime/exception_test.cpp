// Exceptions of compiled code, in the legacy encoding; both become the same calls of the sink, and
// the specification's suite runs the other one. wasm: exec-throw; docs/decisions/0007

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/outcome.h"
#include "runtime/tag.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"
#include "unit/wasm/support.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

constexpr const char* kThrower = R"((module
  (tag $number (export "number") (param i32))
  (tag $other (export "other") (param i64))
  (func $throw (export "throw") (param i32) (throw $number (local.get 0)))
  (func $deep (param $depth i32) (param $value i32)
    (if (i32.eqz (local.get $depth))
      (then (call $throw (local.get $value)))
      (else (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)))))
  (func (export "catch_deep") (param i32 i32) (result i32)
    (try (result i32)
      (do (call $deep (local.get 0) (local.get 1)) (i32.const -1))
      (catch $number)))
  (func (export "divide") (param i32) (result i32)
    (try (result i32) (do (i32.div_u (i32.const 1) (local.get 0))) (catch_all (i32.const -1))))
  (func $pass_on (export "pass_on") (param i32)
    (try (do (try (do (call $throw (local.get 0)))
                  (catch $other (drop))))
         (catch $number (drop) (rethrow 0))))))";

TEST(Exception, PassesThroughFrames) {
    World world;
    Instance& instance = world.instantiate(compile(kThrower));
    for (const std::uint32_t depth : {0U, 1U, 1000U}) {
        EXPECT_EQ(
            world.get(instance, "catch_deep", {Value::i32(depth), Value::i32(depth + 7)}).as_i32(),
            depth + 7);
    }
}

TEST(Exception, CarriesEveryKindOfValue) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (tag $wide (param i32 i64 f32 f64 v128 externref))
      (func $throw (param externref)
        (throw $wide (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
                     (v128.const i64x2 5 6) (local.get 0)))
      (func (export "catch") (param externref) (result i32 i64 f32 f64 v128 externref)
        (try (result i32 i64 f32 f64 v128 externref)
          (do (call $throw (local.get 0)) (unreachable))
          (catch $wide)))))"));
    const Value reference = Value::reference(&world);
    ASSERT_TRUE(std::holds_alternative<Returned>(world.invoke(instance, "catch", {reference})));
    EXPECT_EQ(world.results, (std::vector{Value::i32(1), Value::i64(2), Value::f32(3),
                                          Value::f64(4), Value::v128(5, 6), reference}));
}

TEST(Exception, UncaughtEndsTheCallAndSaysWhereItWasThrown) {
    World world;
    Instance& instance = world.instantiate(compile(kThrower));
    const Trap direct = world.trap(instance, "throw", {Value::i32(5)});
    EXPECT_EQ(direct.code, abi::TrapCode::uncaught_exception);
    EXPECT_EQ(direct.exception, "number (i32 5)");
    // Caught and thrown on twice on its way, by a tag that does not match and by `rethrow`.
    const Trap passed_on = world.trap(instance, "pass_on", {Value::i32(6)});
    EXPECT_EQ(passed_on.exception, "number (i32 6)");
    ASSERT_EQ(passed_on.frames.size(), 2U);
    EXPECT_EQ(passed_on.frames[0].name, "throw");
    EXPECT_EQ(passed_on.frames[1].name, "pass_on");
    EXPECT_TRUE(to_string(passed_on).starts_with("uncaught exception: number (i32 6)\n  at throw"))
        << to_string(passed_on);
}

TEST(Exception, CatchAllTakesNoTraps) {
    World world;
    Instance& instance = world.instantiate(compile(kThrower));
    EXPECT_EQ(world.get(instance, "divide", {Value::i32(1)}).as_i32(), 1U);
    EXPECT_EQ(world.trap(instance, "divide", {Value::i32(0)}).code,
              abi::TrapCode::integer_divide_by_zero);
}

// The callee uses all callee-saved registers for its own, and never returns to give them back.
TEST(Exception, RestoresTheRegistersOfTheFunctionThatCatches) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (tag $t)
      (memory 1)
      (func $clobber (param $depth i32) (result i64)
        (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64)
        (if (i32.eqz (local.get $depth)) (then (throw $t)))
        (local.set $a (i64.load (i32.const 0)))  (local.set $b (i64.load (i32.const 8)))
        (local.set $c (i64.load (i32.const 16))) (local.set $d (i64.load (i32.const 24)))
        (local.set $e (i64.load (i32.const 32))) (local.set $f (i64.load (i32.const 40)))
        (drop (call $clobber (i32.sub (local.get $depth) (i32.const 1))))
        (i64.add (local.get $a) (i64.add (local.get $b) (i64.add (local.get $c)
          (i64.add (local.get $d) (i64.add (local.get $e) (local.get $f)))))))
      (func (export "sum") (param i64 i64 i64 i64) (param i32) (result i64) (local i64)
        (local.set 5 (i64.mul (local.get 0) (i64.const 1000)))
        (try (do (drop (call $clobber (local.get 4)))) (catch_all))
        (i64.add (local.get 5) (i64.add (local.get 0) (i64.add (local.get 1)
          (i64.add (local.get 2) (local.get 3))))))))"));
    for (const std::uint32_t depth : {0U, 1U, 2U, 50U}) {
        EXPECT_EQ(world
                      .get(instance, "sum",
                           {Value::i64(1), Value::i64(20), Value::i64(300), Value::i64(4000),
                            Value::i32(depth)})
                      .as_i64(),
                  5321U)
            << depth;
    }
}

constexpr const char* kCatcher = R"((module
  (import "m" "throw" (func $throw (param i32)))
  (import "m" "number" (tag $number (param i32)))
  (tag $mine (param i32))
  (func (export "catch") (param i32) (result i32)
    (try (result i32)
      (do (call $throw (local.get 0)) (i32.const -1))
      (catch $mine (drop) (i32.const -2))
      (catch $number)))
  (func (export "catch_mine") (param i32) (result i32)
    (try (result i32)
      (do (call $throw (local.get 0)) (i32.const -1))
      (catch $mine)))))";

TEST(Exception, CrossesInstances) {
    World world;
    Instance& thrower = world.instantiate(compile(kThrower));
    // A module without tags or handlers in between.
    Instance& between =
        world.instantiate(compile(R"((module (import "m" "throw" (func $throw (param i32)))
                           (func (export "throw") (param i32) (call $throw (local.get 0)))))"),
                          {thrower.export_("throw")});
    Instance& catcher =
        world.instantiate(compile(kCatcher), {between.export_("throw"), thrower.export_("number")});
    EXPECT_EQ(world.get(catcher, "catch", {Value::i32(9)}).as_i32(), 9U);
    // Equal types do not make equal tags.
    const Trap uncaught = world.trap(catcher, "catch_mine", {Value::i32(9)});
    EXPECT_EQ(uncaught.exception, "number (i32 9)");
    EXPECT_EQ(uncaught.frames.size(), 3U);
}

// A module that knows nothing of exceptions, and that only learns at run time whom it calls.
TEST(Exception, CrossesInstancesThatAreGivenAFunction) {
    World world;
    Instance& thrower = world.instantiate(compile(kThrower));
    Instance& between = world.instantiate(compile(R"((module
      (table 1 funcref)
      (type $unary (func (param i32)))
      (func (export "set") (param funcref) (table.set 0 (i32.const 0) (local.get 0)))
      (func (export "throw") (param i32)
        (call_indirect (type $unary) (local.get 0) (i32.const 0)))))"));
    Instance& catcher =
        world.instantiate(compile(kCatcher), {between.export_("throw"), thrower.export_("number")});
    const Value function = Value::reference(exported<Function>(thrower, "throw").ref);
    ASSERT_TRUE(std::holds_alternative<Returned>(world.invoke(between, "set", {function})));
    EXPECT_EQ(world.get(catcher, "catch", {Value::i32(9)}).as_i32(), 9U);
}

TEST(Exception, TagsAreLinkedByType) {
    World world;
    Instance& thrower = world.instantiate(compile(kThrower));
    const auto wrong = world.try_instantiate(compile(kCatcher),
                                             {thrower.export_("throw"), thrower.export_("other")});
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(to_string(wrong.error()),
              "incompatible import type for \"m\" \"number\": expected (tag (i32) -> ()), found "
              "(tag (i64) -> ())");
}

/// A native function that calls back, and what came of it.
struct Callback {
    const abi::FuncRef* function = nullptr;
    const wasm::FunctionType* type = nullptr;
    std::vector<abi::TrapCode> traps;
    bool destroyed = false;
};
Callback* g_callback = nullptr;  // native entries have no context of their own

std::uint32_t call_back(abi::VmContext* context, std::uint32_t value) noexcept {
    struct Guard {
        ~Guard() { g_callback->destroyed = true; }
    };
    const Guard guard;
    const std::vector<Value> arguments{Value::i32(value)};
    const CallOutcome outcome =
        call(*context->thread, *g_callback->function, *g_callback->type, arguments, {});
    if (const auto* trapped = std::get_if<Trapped>(&outcome)) {
        g_callback->traps.push_back(trapped->trap.code);
        return 1;
    }
    return 0;
}

// The host sees it as the outcome of its call, with its own frames intact.
TEST(Exception, EndsAtTheHostsCall) {
    World world;
    Instance& thrower = world.instantiate(compile(kThrower));
    const auto function = exported<Function>(thrower, "throw");
    Callback callback{function.ref, function.type, {}, false};
    g_callback = &callback;
    Instance& caller = world.instantiate(
        compile(R"((module
          (import "m" "call_back" (func $call_back (param i32) (result i32)))
          (func (export "run") (param i32) (result i32)
            (try (result i32) (do (call $call_back (local.get 0))) (catch_all (i32.const -1))))))"),
        {host_function(call_back, {{wasm::ValueType::i32}, {wasm::ValueType::i32}})});
    EXPECT_EQ(world.get(caller, "run", {Value::i32(3)}).as_i32(), 1U);
    EXPECT_EQ(callback.traps, std::vector{abi::TrapCode::uncaught_exception});
    EXPECT_TRUE(callback.destroyed);
}

std::uint32_t sum_of_nine(abi::VmContext* /*context*/, std::uint32_t a, std::uint32_t b,
                          std::uint32_t c, std::uint32_t d, std::uint32_t e, std::uint32_t f,
                          std::uint32_t g, std::uint32_t h, std::uint32_t i) noexcept {
    return a + b + c + d + e + f + g + h + i;
}

// Arguments of host functions move the stack pointer, which landing pads must find as it was.
TEST(Exception, SharesAFunctionWithHostCallsThatPushArguments) {
    World world;
    Instance& instance = world.instantiate(
        compile(R"((module
          (import "wasix_32v1" "nine"
            (func $nine (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
          (tag $t (param i32))
          (func $throw (param i32) (result i32) (throw $t (local.get 0)))
          (func (export "run") (param i32) (result i32) (local $x i32)
            (local.set $x (call $nine (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
              (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (local.get 0)))
            (local.set $x (i32.add (local.get $x)
              (try (result i32) (do (call $throw (local.get $x))) (catch $t))))
            (i32.add (local.get $x) (call $nine (i32.const 1) (i32.const 2) (i32.const 3)
              (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8)
              (local.get $x))))))"),
        {host_function(sum_of_nine,
                       {std::vector(9, wasm::ValueType::i32), {wasm::ValueType::i32}})});
    EXPECT_EQ(world.get(instance, "run", {Value::i32(100)}).as_i32(), 4U * 136 + 36);
}

TEST(Exception, TailCallsLeaveTheHandler) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (tag $t)
      (func $throw (throw $t))
      (func (export "run") (try (do (return_call $throw)) (catch_all)))))"));
    EXPECT_EQ(world.trap(instance, "run").code, abi::TrapCode::uncaught_exception);
}

// What nothing refers to any more is freed, what a handler still holds is not.
TEST(Exception, ManyDoNotPileUp) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (tag $t (param i64))
      (func (export "run") (param $count i32) (result i64) (local $sum i64)
        (try
          (do (throw $t (i64.const 77)))
          (catch $t
            (drop)
            (loop $again
              (try (do (throw $t (i64.extend_i32_u (local.get $count))))
                   (catch $t (local.set $sum (i64.add (local.get $sum)))))
              (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
            (try (do (rethrow 1))
                 (catch $t (local.set $sum (i64.add (local.get $sum)))))))
        (local.get $sum))))"));
    EXPECT_EQ(world.get(instance, "run", {Value::i32(100'000)}).as_i64(),
              std::uint64_t{5'000'050'000} + 77);
    EXPECT_LT(world.thread->exceptions.count(), 10'000U);
}

/// (tag (param i64)) (table 1 exnref) (global (mut exnref)); `store` throws its parameter and puts
/// the reference in both, `throw_often` throws and catches, `from_global` and `from_table` throw
/// what is there and return its payload. In the final encoding, which wabt cannot write.
std::vector<std::byte> module_that_stores_references() {
    using wasm::Binary;
    const auto rethrow = [](std::initializer_list<int> get) {
        // block (result i64): try_table (catch 0 0): the reference, throw_ref
        return Binary()
            .raw({0, 0x02, 0x7e, 0x1f, 0x40, 1, 0, 0, 0})
            .raw(get)
            .raw({0x0a, 0x0b, 0x00, 0x0b, 0x0b});
    };
    return Binary::header()
        .section(1, {3, 0x60, 1, 0x7e, 0, 0x60, 1, 0x7f, 0, 0x60, 0, 1, 0x7e})
        .section(3, {4, 0, 1, 2, 2})
        .section(4, {1, 0x69, 0, 1})
        .section(13, {1, 0, 0})
        .section(6, {1, 0x69, 1, 0xd0, 0x69, 0x0b})
        .section(7, {4, 5,   's', 't', 'o', 'r', 'e', 0, 0, 5, 't', 'h', 'r', 'o', 'w', 0, 1,
                     6, 'g', 'l', 'o', 'b', 'a', 'l', 0, 2, 5, 't', 'a', 'b', 'l', 'e', 0, 3})
        .section(10, Binary()
                         .raw({4})
                         // block (result exnref): try_table (catch_all_ref 0): throw
                         .sized(Binary().raw({0,    0x02, 0x69, 0x1f, 0x40, 1,    3,    0, 0x20,
                                              0,    0x08, 0,    0x0b, 0x00, 0x0b,  //
                                              0x24, 0,    0x41, 0,    0x23, 0,    0x26, 0, 0x0b}))
                         // loop: block (result i64): try_table (catch 0 0): throw
                         .sized(Binary().raw(
                             {0,    0x03, 0x40, 0x02, 0x7e, 0x1f, 0x40, 1,    0, 0,    0,  //
                              0x42, 0,    0x08, 0,    0x0b, 0x00, 0x0b, 0x1a,              //
                              0x20, 0,    0x41, 1,    0x6b, 0x22, 0,    0x0d, 0, 0x0b, 0x0b}))
                         .sized(rethrow({0x23, 0}))
                         .sized(rethrow({0x41, 0, 0x25, 0})))
        .bytes();
}

TEST(Exception, StaysWhileATableOrGlobalRefersToIt) {
    World world;
    Instance& instance = world.instantiate(compile_binary(module_that_stores_references()));
    EXPECT_EQ(world.trap(instance, "global").code, abi::TrapCode::null_exception);
    for (const std::uint64_t payload : {7U, 8U}) {
        ASSERT_TRUE(std::holds_alternative<Returned>(
            world.invoke(instance, "store", {Value::i64(payload)})));
        ASSERT_TRUE(std::holds_alternative<Returned>(
            world.invoke(instance, "throw", {Value::i32(20'000)})));
        EXPECT_EQ(world.get(instance, "global").as_i64(), payload);
        EXPECT_EQ(world.get(instance, "table").as_i64(), payload);
    }
    EXPECT_LT(world.thread->exceptions.count(), 10'000U);
}

}  // namespace
}  // namespace wasmax::runtime
