// What exceptions cost: entering a `try` whose call does not throw, beyond the same call without
// one, and a throw that is caught 1, 10 or 50 frames further out, also by way of a handler in each
// of those frames that passes it on.

#include <string>

#include <benchmark/benchmark.h>

#include "guest.h"
#include "runtime/extern.h"

namespace wasmax::bench {
namespace {

/// The table call keeps the callee opaque.
constexpr const char* kLoops = R"((module
  (tag $t (param i32))
  (tag $other)
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $identity))
  (func $identity (param i32) (result i32) (local.get 0))
  (func (export "call") (param $count i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (i32.add (call_indirect (type $unary) (local.get $x) (i32.const 0))
                             (local.get $count)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $x))
  (func (export "call_in_try") (param $count i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (i32.add
        (try (result i32)
          (do (call_indirect (type $unary) (local.get $x) (i32.const 0)))
          (catch $t))
        (local.get $count)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $x))
  (func $dig (param $depth i32) (param $value i32) (result i32)
    (if (i32.le_u (local.get $depth) (i32.const 1)) (then (throw $t (local.get $value))))
    (i32.add (call $dig (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))
             (i32.const 1)))
  (func $dig_handled (param $depth i32) (param $value i32) (result i32)
    (if (i32.le_u (local.get $depth) (i32.const 1)) (then (throw $t (local.get $value))))
    (try (result i32)
      (do (i32.add (call $dig_handled (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))
                   (i32.const 1)))
      (catch $other (i32.const 0))))
  THROWS
))";

/// Loops whose names are `throw_DEPTH` and `pass_on_DEPTH`.
std::string module_text() {
    std::string loops;
    for (const int depth : {1, 10, 50}) {
        for (const bool handled : {false, true}) {
            loops += std::string("(func (export \"") + (handled ? "pass_on_" : "throw_") +
                     std::to_string(depth) +
                     "\") (param $count i32) (result i32) (local $x i32)"
                     "  (loop $again"
                     "    (local.set $x (i32.add (try (result i32)"
                     "      (do (call " +
                     (handled ? "$dig_handled" : "$dig") + " (i32.const " + std::to_string(depth) +
                     ") (local.get $count)))"
                     "      (catch $t)) (local.get $x)))"
                     "    (br_if $again (local.tee $count"
                     "      (i32.sub (local.get $count) (i32.const 1)))))"
                     "  (local.get $x))";
        }
    }
    std::string text = kLoops;
    const std::string place = "THROWS";
    return text.replace(text.find(place), place.size(), loops);
}

void run_loop(benchmark::State& state, const char* name) {
    Guest guest(module_text(), [](const wasm::Import&) { return runtime::Extern(); });
    const Loop loop = guest.loop(name);
    for (auto _ : state) {
        benchmark::DoNotOptimize(loop(kIterations));
    }
    count_nanoseconds(state);
}

BENCHMARK_CAPTURE(run_loop, call, "call");
BENCHMARK_CAPTURE(run_loop, call_in_try, "call_in_try");
BENCHMARK_CAPTURE(run_loop, throw_1, "throw_1");
BENCHMARK_CAPTURE(run_loop, throw_10, "throw_10");
BENCHMARK_CAPTURE(run_loop, throw_50, "throw_50");
BENCHMARK_CAPTURE(run_loop, pass_on_10, "pass_on_10");
BENCHMARK_CAPTURE(run_loop, pass_on_50, "pass_on_50");

}  // namespace
}  // namespace wasmax::bench
