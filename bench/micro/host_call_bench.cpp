// What a call from wasm to the host costs: an empty import, beyond the loop around it.
// Compare `loop` with `loop_and_host_call`: the difference is the call.

#include <cstdint>

#include <benchmark/benchmark.h>

#include "guest.h"
#include "runtime/extern.h"
#include "wasm/types.h"

namespace wasmax::bench {
namespace {

using wasm::ValueType;

/// The import: as little as a native entry can do.
std::uint32_t nothing(abi::VmContext* /*context*/, std::uint32_t value) noexcept { return value; }

/// Multiplies, so that the loop is not folded into a formula.
constexpr const char* kLoops = R"((module
  (import "wasix_32v1" "nothing" (func $nothing (param i32) (result i32)))
  (func (export "loop") (param $count i32) (result i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $again
      (local.set $x (i32.mul (i32.add (local.get $x) (local.get $count)) (i32.const 1664525)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $x))
  (func (export "loop_and_host_call") (param $count i32) (result i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $again
      (local.set $x (i32.mul (i32.add (call $nothing (local.get $x)) (local.get $count))
                             (i32.const 1664525)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $x))
  (func $wasm_nothing (param i32) (result i32) (local.get 0))
  (table funcref (elem $wasm_nothing))
  (func (export "loop_and_indirect_call") (param $count i32) (result i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $again
      (local.set $x (i32.mul (i32.add (call_indirect (param i32) (result i32) (local.get $x)
                                                     (i32.const 0))
                                      (local.get $count))
                             (i32.const 1664525)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $x))))";

void run_loop(benchmark::State& state, const char* name) {
    Guest guest(kLoops, [](const wasm::Import&) {
        return runtime::HostFunction{reinterpret_cast<const void*>(&nothing),
                                     {{ValueType::i32}, {ValueType::i32}}};
    });
    const Loop loop = guest.loop(name);
    for (auto _ : state) {
        benchmark::DoNotOptimize(loop(kIterations));
    }
    count_nanoseconds(state);
}

BENCHMARK_CAPTURE(run_loop, loop, "loop");
BENCHMARK_CAPTURE(run_loop, loop_and_host_call, "loop_and_host_call");
BENCHMARK_CAPTURE(run_loop, loop_and_indirect_call, "loop_and_indirect_call");

}  // namespace
}  // namespace wasmax::bench
