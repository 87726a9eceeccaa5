#include "guest.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/result.h"
#include "engine/compiler.h"
#include "engine/text_format.h"
#include "runtime/artifact.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"

namespace wasmax::bench {
namespace {

[[noreturn]] void give_up(const std::string& message) {
    std::fputs(("benchmark: " + message + "\n").c_str(), stderr);
    std::exit(1);
}

template <class T, class E>
T require(Result<T, E> result) {
    if (!result) {
        if constexpr (requires { result.error().message; }) {
            give_up(result.error().message);
        } else {
            give_up(to_string(result.error()));
        }
    }
    return *std::move(result);
}

}  // namespace

Guest::Guest(const std::string& wat, const Resolve& resolve)
    : thread_(require(runtime::ThreadState::create(store_))) {
    const auto binary = require(engine::text_to_binary(wat, "benchmark"));
    const auto file = require(engine::compile_in_child(binary, "benchmark", {}));
    auto artifact = require(runtime::Artifact::map(file.get(), "benchmark"));
    std::vector<std::optional<runtime::Extern>> imports;
    for (const wasm::Import& import : artifact->module().imports) {
        imports.emplace_back(resolve(import));
    }
    instance_ = require(runtime::Instance::create(store_, *thread_, std::move(artifact), imports));
}

Loop Guest::loop(const std::string& export_name) {
    const auto exported = instance_->export_(export_name);
    const auto* function = exported ? std::get_if<runtime::Function>(&*exported) : nullptr;
    if (function == nullptr) {
        give_up("no function " + export_name);
    }
    return [this, callee = *function](std::uint32_t count) {
        const runtime::Value argument = runtime::Value::i32(count);
        runtime::Value result;
        const auto outcome =
            runtime::call(*thread_, *callee.ref, *callee.type, {&argument, 1}, {&result, 1});
        if (const auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
            give_up(to_string(trapped->trap));
        }
        return result.as_i32();
    };
}

void count_nanoseconds(benchmark::State& state) {
    state.counters["ns"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * kIterations,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace wasmax::bench
