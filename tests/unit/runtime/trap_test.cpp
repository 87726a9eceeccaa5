// Traps of compiled code, wherever they happen, and what is left after them.

#include "abi/trap.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/vm_context.h"
#include "base/units.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

using abi::TrapCode;

constexpr std::string_view kTraps = R"((module
  (type $i (func (param i32) (result i32)))
  (memory 1 2)
  (table $t 10 funcref)
  (table $x 3 externref)
  (elem $e func $leaf)
  (elem (table $t) (i32.const 2) func $nothing)
  (data $d "abc")
  (func $nothing)
  (func $leaf (export "unreachable") unreachable)
  (func $middle call $leaf call $nothing)
  (func (export "in callee") call $middle call $nothing)
  (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 7) (local.get 0)))
  (func (export "min div") (param i32) (result i32)
    (i32.div_s (i32.const 0x80000000) (local.get 0)))
  (func (export "trunc") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load far") (param i32) (result i64)
    (i64.load offset=0xffffffff (local.get 0)))
  (func (export "store") (param i32) (i64.store (local.get 0) (i64.const -1)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $d) (elem.drop $e))
  (func (export "call") (param i32) (result i32)
    (call_indirect $t (type $i) (i32.const 1) (local.get 0)))
  (func (export "table.get") (param i32) (result externref) (table.get $x (local.get 0)))
  (func (export "table.set") (param i32) (table.set $x (local.get 0) (ref.null extern)))
  (func (export "table.fill") (param i32 i32)
    (table.fill $x (local.get 0) (ref.null extern) (local.get 1)))
  (func (export "table.copy") (param i32 i32 i32)
    (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.init") (param i32 i32 i32)
    (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))))";

class CompiledTraps : public ::testing::Test {
protected:
    TrapCode code(std::string_view name, const std::vector<Value>& arguments = {}) {
        SCOPED_TRACE(name);
        return world_.trap(instance_, name, arguments).code;
    }
    TrapCode code(std::string_view name, std::initializer_list<std::uint32_t> arguments) {
        std::vector<Value> values;
        for (const std::uint32_t argument : arguments) {
            values.push_back(Value::i32(argument));
        }
        return code(name, values);
    }

    World world_;
    Instance& instance_ = world_.instantiate(compile(kTraps));
};

TEST_F(CompiledTraps, NumericInstructions) {
    EXPECT_EQ(code("unreachable"), TrapCode::unreachable);
    EXPECT_EQ(code("div", {0}), TrapCode::integer_divide_by_zero);
    EXPECT_EQ(code("min div", {~0U}), TrapCode::integer_overflow);
    EXPECT_EQ(code("trunc", {Value::f64(3e9)}), TrapCode::integer_overflow);
    EXPECT_EQ(code("trunc", {Value::f64(0.0 / 0.0)}), TrapCode::invalid_conversion);
}

TEST_F(CompiledTraps, LoadsAndStoresAtTheEdges) {
    EXPECT_EQ(world_.get(instance_, "load", {Value::i32(65532)}).as_i32(), 0U);
    EXPECT_EQ(world_.get(instance_, "load8", {Value::i32(65535)}).as_i32(), 0U);
    for (const std::uint32_t address : {65533U, 65536U, 0x7fff'ffffU, 0xffff'ffffU}) {
        EXPECT_EQ(code("load", {address}), TrapCode::memory_out_of_bounds);
        EXPECT_EQ(code("store", {address}), TrapCode::memory_out_of_bounds);
    }
    EXPECT_EQ(code("load8", {65536}), TrapCode::memory_out_of_bounds);
    EXPECT_EQ(code("load far", {0}), TrapCode::memory_out_of_bounds);
    EXPECT_EQ(code("load far", {0xffff'ffffU}), TrapCode::memory_out_of_bounds);
    // A store across the end writes nothing.
    EXPECT_EQ(code("store", {65532}), TrapCode::memory_out_of_bounds);
    EXPECT_EQ(world_.get(instance_, "load", {Value::i32(65532)}).as_i32(), 0U);
}

TEST_F(CompiledTraps, GrownPagesNoLongerTrap) {
    EXPECT_EQ(code("load", {65536}), TrapCode::memory_out_of_bounds);
    EXPECT_EQ(world_.get(instance_, "grow").as_i32(), 1U);
    EXPECT_EQ(world_.get(instance_, "load", {Value::i32(65536)}).as_i32(), 0U);
    EXPECT_EQ(world_.get(instance_, "grow").as_i32(), ~0U);
}

TEST_F(CompiledTraps, BulkMemory) {
    constexpr TrapCode kOutside = TrapCode::memory_out_of_bounds;
    EXPECT_EQ(code("fill", {65535, 2}), kOutside);
    EXPECT_EQ(code("fill", {65537, 0}), kOutside);
    EXPECT_EQ(code("fill", {~0U, ~0U}), kOutside);
    EXPECT_EQ(code("copy", {0, 65536, 1}), kOutside);
    EXPECT_EQ(code("copy", {65536, 0, 1}), kOutside);
    EXPECT_EQ(code("copy", {~0U, ~0U, ~0U}), kOutside);
    EXPECT_EQ(code("init", {0, 0, 4}), kOutside);
    EXPECT_EQ(code("init", {65534, 0, 3}), kOutside);
    EXPECT_EQ(code("init", {0, ~0U, 2}), kOutside);
    // Nothing of a range that reaches outside is written.
    EXPECT_EQ(world_.get(instance_, "load8", {Value::i32(65535)}).as_i32(), 0U);
    (void)world_.get(instance_, "init", {Value::i32(65533), Value::i32(0), Value::i32(3)});
    EXPECT_EQ(world_.get(instance_, "load8", {Value::i32(65535)}).as_i32(), 'c');
    (void)world_.get(instance_, "drop");
    EXPECT_EQ(code("init", {0, 0, 1}), kOutside);
    (void)world_.get(instance_, "init", {Value::i32(0), Value::i32(0), Value::i32(0)});
}

TEST_F(CompiledTraps, Tables) {
    constexpr TrapCode kOutside = TrapCode::table_out_of_bounds;
    EXPECT_EQ(code("table.get", {3}), kOutside);
    EXPECT_EQ(code("table.set", {~0U}), kOutside);
    EXPECT_EQ(code("table.fill", {2, 2}), kOutside);
    EXPECT_EQ(code("table.copy", {8, 0, 3}), kOutside);
    EXPECT_EQ(code("table.copy", {0, ~0U, 2}), kOutside);
    EXPECT_EQ(code("table.init", {10, 0, 1}), kOutside);
    EXPECT_EQ(code("table.init", {0, 1, 1}), kOutside);
    (void)world_.get(instance_, "drop");
    EXPECT_EQ(code("table.init", {0, 0, 1}), kOutside);
}

TEST_F(CompiledTraps, IndirectCalls) {
    EXPECT_EQ(code("call", {2}), TrapCode::indirect_call_mismatch);
    EXPECT_EQ(code("call", {3}), TrapCode::uninitialized_element);
    for (const std::uint32_t index : {10U, 255U, 256U, 0x1000'0000U, 0xffff'ffffU}) {
        EXPECT_EQ(code("call", {index}), TrapCode::undefined_element) << index;
    }
}

TEST_F(CompiledTraps, BacktracesNameEveryCaller) {
    const Trap trap = world_.trap(instance_, "in callee");
    std::vector<std::string> names;
    for (const Frame& frame : trap.frames) {
        names.push_back(frame.name);
        EXPECT_EQ(frame.module, "test");
        EXPECT_NE(frame.wasm_offset, 0U);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"leaf", "middle", "in callee"}));
    // A builtin is no frame; its caller is.
    const Trap in_builtin = world_.trap(instance_, "table.get", {Value::i32(3)});
    ASSERT_FALSE(in_builtin.frames.empty());
    EXPECT_EQ(in_builtin.frames.front().name, "table.get");
}

TEST_F(CompiledTraps, ManyInARow) {
    const auto function = exported<Function>(instance_, "load");
    const auto builtin = exported<Function>(instance_, "table.get");
    const std::vector<Value> far{Value::i32(~0U)};
    std::vector<Value> results(1);
    for (unsigned round = 0; round < 50'000; ++round) {
        for (const Function& each : {function, builtin}) {
            const CallOutcome outcome = call(*world_.thread, *each.ref, *each.type, far, results);
            ASSERT_TRUE(std::holds_alternative<Trapped>(outcome));
        }
    }
    EXPECT_EQ(world_.get(instance_, "load", {Value::i32(0)}).as_i32(), 0U);
}

TEST_F(CompiledTraps, HappenWhileOtherThreadsChangeTheRegions) {
    std::atomic<bool> done{false};
    std::thread changing([&done] {
        while (!done.load()) {
            EXPECT_TRUE(Memory::create({.limits = {.minimum = 1, .maximum = {}}}, {}).has_value());
        }
    });
    for (unsigned round = 0; round < 2'000; ++round) {
        EXPECT_EQ(code("load", {~0U}), TrapCode::memory_out_of_bounds);
    }
    done.store(true);
    changing.join();
}

constexpr std::string_view kRecursion = R"((module
  (type $callback (func (param i32) (result i32)))
  (import "env" "callback" (func $callback (type $callback)))
  (memory 1)
  (table funcref (elem $indirect))
  (func $direct (export "direct") (param i32) (result i32)
    (i32.add (i32.const 1) (call $direct (local.get 0))))
  (func $indirect (export "indirect") (param i32) (result i32)
    (i32.add (i32.const 1) (call_indirect (type $callback) (local.get 0) (i32.const 0))))
  (func $even (export "mutual") (param i32) (result i32)
    (i32.add (i32.const 1) (call $odd (local.get 0))))
  (func $odd (param i32) (result i32)
    (i32.add (i32.const 2) (call $even (local.get 0))))
  (func (export "through host") (param i32) (result i32)
    (i32.add (i32.const 1) (call $callback (local.get 0))))
  (func (export "depth") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $callback (i32.sub (local.get 0) (i32.const 1)))))
      (else unreachable)))))";

/// What the native entry below finds at ThreadState::host.
struct CallBack {
    Function function;
    std::function<void(const Trap&)> seen = [](const Trap&) {};
};

std::uint32_t call_back(abi::VmContext* context, std::uint32_t argument) noexcept {
    ThreadState& thread = *context->thread;
    TrapCode code = TrapCode::unreachable;
    {
        const auto& callback = *static_cast<const CallBack*>(thread.host);
        const Value arguments[]{Value::i32(argument)};
        Value results[1];
        const CallOutcome outcome =
            call(thread, *callback.function.ref, *callback.function.type, arguments, results);
        if (std::holds_alternative<Returned>(outcome)) {
            return results[0].as_i32();
        }
        if (const auto* trapped = std::get_if<Trapped>(&outcome)) {
            callback.seen(trapped->trap);
            code = trapped->trap.code;
        }
    }
    raise_trap(thread, code);
}

class Recursion : public ::testing::Test {
protected:
    World world_;
    Instance& instance_ = world_.instantiate(
        compile(kRecursion),
        {host_function(call_back, {{wasm::ValueType::i32}, {wasm::ValueType::i32}})});
};

TEST_F(Recursion, WithoutEndTraps) {
    CallBack callback{.function = exported<Function>(instance_, "through host")};
    world_.thread->host = &callback;
    for (const char* name : {"direct", "indirect", "mutual", "through host", "direct"}) {
        SCOPED_TRACE(name);
        const Trap trap = world_.trap(instance_, name, {Value::i32(1)});
        EXPECT_EQ(trap.code, TrapCode::stack_exhausted);
    }
    EXPECT_EQ(world_.trap(instance_, "direct", {Value::i32(1)}).frames.size(), kMaxTrapFrames);
}

TEST_F(Recursion, UsesOnlyTheStackItWasGiven) {
    World small({}, {.stack = {512 * kKiB}});
    Instance& other = small.instantiate(
        compile(kRecursion),
        {host_function(call_back, {{wasm::ValueType::i32}, {wasm::ValueType::i32}})});
    EXPECT_EQ(small.trap(other, "direct", {Value::i32(1)}).code, TrapCode::stack_exhausted);
    EXPECT_GT(small.thread->stack.limit, world_.thread->stack.limit);
}

TEST_F(Recursion, TrapsEndOneCallAtATime) {
    unsigned traps = 0;
    CallBack callback{.function = exported<Function>(instance_, "depth"),
                      .seen = [&traps](const Trap& trap) {
                          EXPECT_EQ(trap.code, TrapCode::unreachable);
                          // Only up to the host function that made this call.
                          EXPECT_EQ(trap.frames.size(), 1U);
                          ++traps;
                      }};
    world_.thread->host = &callback;
    EXPECT_EQ(world_.trap(instance_, "depth", {Value::i32(20)}).code, TrapCode::unreachable);
    EXPECT_EQ(traps, 20U);
}

}  // namespace
}  // namespace wasmax::runtime
