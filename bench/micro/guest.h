#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "wasm/module.h"

namespace wasmax::bench {

/// Iterations of a guest's loop in one call from the host, so that entering wasm does not count.
inline constexpr std::uint32_t kIterations = 10'000;

/// An exported `(func (param $count i32) (result i32))`, ready to call; returns its result.
using Loop = std::function<std::uint32_t(std::uint32_t count)>;

/// A module in text, compiled with the default options and instantiated. Any failure ends the
/// program with a sentence: a benchmark has nothing to fall back on.
class Guest {
public:
    using Resolve = std::function<runtime::Extern(const wasm::Import&)>;

    Guest(const std::string& wat, const Resolve& resolve);

    [[nodiscard]] Loop loop(const std::string& export_name);
    [[nodiscard]] runtime::Instance& instance() { return *instance_; }
    [[nodiscard]] runtime::ThreadState& thread() { return *thread_; }

private:
    runtime::Store store_;
    std::unique_ptr<runtime::ThreadState> thread_;
    runtime::Instance* instance_ = nullptr;
};

/// Adds the counter `ns`, nanoseconds per iteration of the guest's loop.
void count_nanoseconds(benchmark::State& state);

}  // namespace wasmax::bench
