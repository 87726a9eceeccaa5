// Interrupting a guest thread: stops and visits, wherever it is.

#include "runtime/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/interruption.h"
#include "base/unique_fd.h"
#include "runtime/call.h"
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

using namespace std::chrono_literals;

/// Every way of not coming back.
constexpr const char* kProgram = R"((module
  (import "env" "block" (func $block))
  (import "env" "tick" (func $tick))
  (memory 16 16 shared)
  (global $steps (mut i64) (i64.const 0))
  (func $step (param i64) (result i64)
    (i64.add (local.get 0) (i64.load (i32.wrap_i64 (i64.and (local.get 0) (i64.const 8))))))
  (func (export "leaf_loop") (loop (br 0)))
  (func (export "counting_loop") (local i64)
    (loop (global.set $steps (i64.add (global.get $steps) (i64.const 1))) (br 0)))
  (func (export "calling_loop") (local i64)
    (loop (local.set 0 (call $step (local.get 0))) (br 0)))
  (func $recurse (param i32) (if (local.get 0) (then (call $recurse (i32.sub (local.get 0)
    (i32.const 1))))))
  (func (export "recursing_loop") (loop (call $recurse (i32.const 100)) (br 0)))
  (func (export "builtin_loop")
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
  (func (export "host_loop") (loop (call $tick) (br 0)))
  (func (export "blocked") (call $block))
  (func (export "wait32")
    (loop (drop (memory.atomic.wait32 (i32.const 65536) (i32.const 0) (i64.const -1))) (br 0)))
  (func (export "wait64")
    (loop (drop (memory.atomic.wait64 (i32.const 65536) (i64.const 0) (i64.const -1))) (br 0)))
  (func (export "wait_ms") (result i32)
    (memory.atomic.wait32 (i32.const 65536) (i32.const 0) (i64.const 50000000)))
  (func (export "idle"))))";

UniqueFd g_pipe_read;  // nobody writes to it

void block(abi::VmContext* context) noexcept {
    char byte = 0;
    while (::read(g_pipe_read.get(), &byte, 1) < 0 && errno == EINTR &&
           !interruption_flag().load()) {
    }
    attend_to_requests(*context->thread);
}

void tick(abi::VmContext* context) noexcept { attend_to_requests(*context->thread); }

class Interrupt : public testing::TestWithParam<std::string> {
protected:
    Interrupt() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        g_pipe_read.reset(ends[0]);
        pipe_write_.reset(ends[1]);
        instance_ = &world_.instantiate(compile(kProgram),
                                        {host_function(block, {}), host_function(tick, {})});
    }

    /// Runs `name` while another thread makes `request` after `delay`.
    CallOutcome interrupted(const std::string& name, Request request,
                            std::chrono::microseconds delay) {
        std::thread other([&] {
            std::this_thread::sleep_for(delay);
            world_.thread->interruption.request(request);
        });
        CallOutcome outcome = world_.invoke(*instance_, name);
        other.join();
        return outcome;
    }

    World world_;
    UniqueFd pipe_write_;
    Instance* instance_ = nullptr;
};

void expect_interrupted(const CallOutcome& outcome) {
    const auto* trapped = std::get_if<Trapped>(&outcome);
    ASSERT_NE(trapped, nullptr);
    EXPECT_EQ(trapped->trap.code, abi::TrapCode::interrupted);
}

TEST_P(Interrupt, StopsWhateverTheThreadDoes) {
    // Around the moment when it starts as well as later: nothing gets lost.
    for (const auto delay : {0us, 3us, 10us, 30us, 60us, 100us, 200us, 500us, 5000us}) {
        for (int repetition = 0; repetition < 20; ++repetition) {
            expect_interrupted(interrupted(GetParam(), Request::stop, delay));
            EXPECT_TRUE(world_.thread->interruption.withdraw(Request::stop));
            EXPECT_FALSE(interruption_flag().load());
        }
    }
    EXPECT_TRUE(std::holds_alternative<Returned>(world_.invoke(*instance_, "idle")));
}

INSTANTIATE_TEST_SUITE_P(Loops, Interrupt,
                         testing::Values("leaf_loop", "counting_loop", "calling_loop",
                                         "recursing_loop", "builtin_loop", "host_loop", "blocked",
                                         "wait32", "wait64"),
                         [](const auto& info) { return info.param; });

using InterruptOnce = Interrupt;

TEST_F(InterruptOnce, SaysWhichFunctionWasInterrupted) {
    const CallOutcome outcome = interrupted("leaf_loop", Request::stop, 20ms);
    const auto* trapped = std::get_if<Trapped>(&outcome);
    ASSERT_NE(trapped, nullptr);
    ASSERT_FALSE(trapped->trap.frames.empty());
    EXPECT_EQ(trapped->trap.frames.front().name, "leaf_loop");
}

TEST_F(InterruptOnce, StopsCallsToCome) {
    world_.thread->interruption.request(Request::stop);
    expect_interrupted(world_.invoke(*instance_, "idle"));
    expect_interrupted(world_.invoke(*instance_, "idle"));
    EXPECT_TRUE(world_.thread->interruption.withdraw(Request::stop));
    EXPECT_TRUE(std::holds_alternative<Returned>(world_.invoke(*instance_, "idle")));
}

TEST_F(InterruptOnce, WaitsGoOnAfterAVisit) {
    static std::atomic<int> visits = 0;
    visits = 0;
    world_.thread->visitor = [](ThreadState& /*thread*/) noexcept -> VisitOutcome {
        ++visits;
        return std::nullopt;
    };
    std::thread other([&] {
        while (visits < 3) {
            world_.thread->interruption.request(Request::visit);
            std::this_thread::sleep_for(1ms);
        }
    });
    EXPECT_EQ(world_.get(*instance_, "wait_ms").as_i32(), 2U) << "timed out, not woken";
    other.join();
    EXPECT_GE(visits, 3);
}

class InterruptVisit : public Interrupt {};

/// The visitor ends the guest, so it comes to an end if and only if the visitor is called.
TEST_P(InterruptVisit, ReachesTheVisitor) {
    world_.thread->visitor = [](ThreadState& /*thread*/) noexcept -> VisitOutcome { return 42; };
    for (const auto delay : {0us, 10us, 50us, 100us, 1000us}) {
        for (int repetition = 0; repetition < 20; ++repetition) {
            const CallOutcome outcome = interrupted(GetParam(), Request::visit, delay);
            const auto* left = std::get_if<Left>(&outcome);
            ASSERT_NE(left, nullptr);
            EXPECT_EQ(left->reason, 42U);
            EXPECT_FALSE(world_.thread->interruption.is_requested());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Loops, InterruptVisit,
                         testing::Values("recursing_loop", "builtin_loop", "host_loop", "blocked",
                                         "wait32", "wait64"),
                         [](const auto& info) { return info.param; });

/// Sums its 40 arguments, most of which travel through the spill area.
std::string many_parameters() {
    std::string parameters;
    std::string sum = "(i64.const 0)";
    std::string arguments;
    for (int index = 0; index < 40; ++index) {
        const std::string number = std::to_string(index);
        parameters += " i64";
        sum = "(i64.add " + sum + " (local.get " + number + "))";
        arguments += " (i64.const " + number + ")";
    }
    const std::string type = "(param" + parameters + ") (result i64)";
    return "(module (func $nop (export \"nop\"))"
           "(func $wide " +
           type + " (call $nop) " + sum +
           ")"
           "(func (export \"sum\") (result i64) (call $wide" +
           arguments +
           "))"
           "(func (export \"other\") (result i64) (call $wide" +
           arguments + ")))";
}

TEST(InterruptArguments, AVisitLeavesThemAlone) {
    World world;
    Instance& instance = world.instantiate(compile(many_parameters()));
    static Instance* s_instance = nullptr;
    s_instance = &instance;
    static int visits = 0;
    visits = 0;
    world.thread->visitor = [](ThreadState& thread) noexcept -> VisitOutcome {
        ++visits;
        const auto function = exported<Function>(*s_instance, "other");
        std::vector<Value> results(1);
        const CallOutcome outcome = call(thread, *function.ref, *function.type, {}, results);
        EXPECT_TRUE(std::holds_alternative<Returned>(outcome));
        return std::nullopt;
    };
    for (int repetition = 0; repetition < 100; ++repetition) {
        world.thread->interruption.request(Request::visit);
        EXPECT_EQ(world.get(instance, "sum").as_i64(), 780U);
    }
    EXPECT_GE(visits, 1);
}

}  // namespace
}  // namespace wasmax::runtime
