// Guest threads: instances of one module that share memories, tables and functions.

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"

namespace wasmax::runtime {
namespace {

/// Runs `body` on another host thread, with a thread of the world's store.
void on_other_thread(World& world, const std::function<void(ThreadState&)>& body) {
    std::thread thread([&] {
        auto state = ThreadState::create(world.store);
        ASSERT_TRUE(state.has_value());
        body(**state);
    });
    thread.join();
}

std::uint32_t call_i32(ThreadState& thread, Instance& instance, const char* name,
                       const std::vector<Value>& arguments = {}) {
    const auto function = std::get<Function>(*instance.export_(name));
    std::vector<Value> results(function.type->results.size());
    const CallOutcome outcome = call(thread, *function.ref, *function.type, arguments, results);
    EXPECT_TRUE(std::holds_alternative<Returned>(outcome)) << name;
    return results.empty() ? 0 : results.front().as_i32();
}

constexpr const char* kProgram = R"((module
  (memory (export "memory") 1 2 shared)
  (table $t (export "table") 2 funcref)
  (global $g (mut i32) (i32.const 5))
  (data $active (i32.const 8) "\01\00\00\00")
  (data $passive "\2a\00\00\00")
  (func $start (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))
  (start $start)
  (func $get (export "get") (result i32) (global.get $g))
  (func (export "set") (param i32) (global.set $g (local.get 0)))
  (elem (i32.const 0) $get)
  (func (export "get_through_table") (result i32) (call_indirect $t (result i32) (i32.const 0)))
  (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "init") (memory.init $passive (i32.const 16) (i32.const 0) (i32.const 4))
                        (data.drop $passive))))";

TEST(Replicate, SharesMemoryAndTableButNotGlobals) {
    World world;
    Instance& first = world.instantiate(compile(kProgram));
    call_i32(*world.thread, first, "set", {Value::i32(6)});
    call_i32(*world.thread, first, "poke", {Value::i32(8), Value::i32(9)});
    on_other_thread(world, [&](ThreadState& thread) {
        auto replica = first.replicate(thread);
        ASSERT_TRUE(replica.has_value()) << to_string(replica.error());
        EXPECT_EQ(call_i32(thread, **replica, "get"), 5U) << "globals are as new";
        EXPECT_EQ(call_i32(thread, **replica, "get_through_table"), 5U);
        EXPECT_EQ(call_i32(thread, **replica, "peek", {Value::i32(8)}), 9U)
            << "active segments are not copied again";
        EXPECT_EQ(call_i32(thread, **replica, "peek", {Value::i32(0)}), 2U)
            << "the start function ran again";
        call_i32(thread, **replica, "set", {Value::i32(7)});
        call_i32(thread, **replica, "init");
    });
    EXPECT_EQ(call_i32(*world.thread, first, "get"), 6U);
    EXPECT_EQ(call_i32(*world.thread, first, "get_through_table"), 6U);
    EXPECT_EQ(call_i32(*world.thread, first, "peek", {Value::i32(16)}), 42U);
    call_i32(*world.thread, first, "init");  // its own segment is not dropped
}

TEST(Replicate, ImportsComeFromTheThreadsOwnInstances) {
    World world;
    Instance& exporter = world.instantiate(compile(R"((module
        (global $g (export "global") (mut i32) (i32.const 1))
        (func (export "get") (result i32) (global.get $g))))"));
    Instance& importer = world.instantiate(compile(R"((module
        (import "a" "global" (global $g (mut i32)))
        (import "a" "get" (func $get (result i32)))
        (func (export "set") (param i32) (global.set $g (local.get 0)))
        (func (export "get") (result i32) (call $get))))"),
                                           {exporter.export_("global"), exporter.export_("get")});
    call_i32(*world.thread, importer, "set", {Value::i32(2)});
    on_other_thread(world, [&](ThreadState& thread) {
        ASSERT_TRUE(exporter.replicate(thread).has_value());
        auto replica = importer.replicate(thread);
        ASSERT_TRUE(replica.has_value()) << to_string(replica.error());
        EXPECT_EQ(call_i32(thread, **replica, "get"), 1U);
        call_i32(thread, **replica, "set", {Value::i32(3)});
        EXPECT_EQ(call_i32(thread, **replica, "get"), 3U);
    });
    EXPECT_EQ(call_i32(*world.thread, importer, "get"), 2U);
}

TEST(Replicate, ThreadsWaitAndNotify) {
    World world;
    Instance& first = world.instantiate(compile(R"((module
        (memory 1 1 shared)
        (func (export "wait") (result i32)
          (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
        (func (export "wake")
          (i32.atomic.store (i32.const 0) (i32.const 1))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))"));
    std::thread other([&] {
        auto state = ThreadState::create(world.store);
        ASSERT_TRUE(state.has_value());
        auto replica = first.replicate(**state);
        ASSERT_TRUE(replica.has_value());
        call_i32(**state, **replica, "wake");
    });
    EXPECT_LE(call_i32(*world.thread, first, "wait"), 1U) << "woken, or too late to sleep";
    other.join();
}

}  // namespace
}  // namespace wasmax::runtime
