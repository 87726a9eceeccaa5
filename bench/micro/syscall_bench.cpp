// What wasmax adds to a system call: the guest's call beside the same call made by native code.
// Compare `guest_clock_time_get` with `native_clock_gettime`, and `guest_fd_write` with
// `native_writev` and `native_write`, all of one byte to /dev/null.

#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <variant>

#include <benchmark/benchmark.h>

#include "base/unique_fd.h"
#include "guest.h"
#include "io/direct.h"
#include "wasix/import_table.h"
#include "wasix/process.h"
#include "wasm/module.h"

namespace wasmax::bench {
namespace {

constexpr const char* kGuest = R"((module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\20\00\00\00\01\00\00\00")  ;; iovec: 1 byte at 32
  (func (export "clock_time_get") (param $count i32) (result i32) (local $errors i32)
    (loop $again
      (local.set $errors (i32.or (local.get $errors)
        (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 0))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $errors))
  (func (export "fd_write") (param $count i32) (result i32) (local $errors i32)
    (loop $again
      (local.set $errors (i32.or (local.get $errors)
        (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $errors))))";

UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)); }

void run_guest(benchmark::State& state, const char* name) {
    const UniqueFd null = open_null();
    io::DirectBackend io;
    wasix::ProcessOptions options;
    options.stdio = {-1, null.get(), -1};
    const auto process = wasix::Process::create(options, io);
    Guest guest(kGuest, [&](const wasm::Import& import) -> runtime::Extern {
        // Only names and types of the table are imported above.
        static const wasm::FunctionType kClock{
            {wasm::ValueType::i32, wasm::ValueType::i64, wasm::ValueType::i32},
            {wasm::ValueType::i32}};
        static const wasm::FunctionType kWrite{{wasm::ValueType::i32, wasm::ValueType::i32,
                                                wasm::ValueType::i32, wasm::ValueType::i32},
                                               {wasm::ValueType::i32}};
        return *wasix::resolve_host_import(import.module, import.name,
                                           import.name == "fd_write" ? kWrite : kClock);
    });
    (*process)->attach(guest.thread());
    const Loop loop = guest.loop(name);
    if (loop(1) != 0) {
        state.SkipWithError("the system call fails");
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(loop(kIterations));
    }
    count_nanoseconds(state);
}

void native_clock_gettime(benchmark::State& state) {
    for (auto _ : state) {
        for (std::uint32_t i = 0; i < kIterations; ++i) {
            timespec now;
            benchmark::DoNotOptimize(::clock_gettime(CLOCK_MONOTONIC, &now));
            benchmark::ClobberMemory();
        }
    }
    count_nanoseconds(state);
}

void native_writev(benchmark::State& state) {
    const UniqueFd null = open_null();
    char byte = 'x';
    const iovec buffer{&byte, 1};
    for (auto _ : state) {
        for (std::uint32_t i = 0; i < kIterations; ++i) {
            benchmark::DoNotOptimize(::writev(null.get(), &buffer, 1));
        }
    }
    count_nanoseconds(state);
}

/// What fd_write comes to with one buffer.
void native_write(benchmark::State& state) {
    const UniqueFd null = open_null();
    const char byte = 'x';
    for (auto _ : state) {
        for (std::uint32_t i = 0; i < kIterations; ++i) {
            benchmark::DoNotOptimize(::write(null.get(), &byte, 1));
        }
    }
    count_nanoseconds(state);
}

BENCHMARK(native_clock_gettime);
BENCHMARK_CAPTURE(run_guest, guest_clock_time_get, "clock_time_get");
BENCHMARK(native_writev);
BENCHMARK(native_write);
BENCHMARK_CAPTURE(run_guest, guest_fd_write, "fd_write");

}  // namespace
}  // namespace wasmax::bench
