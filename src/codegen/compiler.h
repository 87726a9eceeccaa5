#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// How much time goes into the code, from least to most.
///   t0  LLVM without passes and with its fast instruction selector: 1.9 times slower code
///   t2  clean-up passes and the optimizing code generator: scalar code as fast as clang -O2's
///   t3  loop passes and vectorizers as well: twice the compile time of t2
/// (t1 is the place of a single-pass baseline compiler.)
enum class Tier : std::uint8_t { t0, t2, t3 };

/// How far a compilation is, for another thread or process to look at.
struct CompileProgress {
    std::atomic<std::uint64_t> done_bytes{0};   ///< of wasm code
    std::atomic<std::uint64_t> total_bytes{0};  ///< 0 until known
};

struct CompileOptions {
    wasm::Features features = wasm::Features::supported();
    Tier tier = Tier::t2;
    unsigned threads = 0;  ///< worker threads; 0: one per CPU. Has no effect on the output
    /// The target as LLVM names CPUs, such as `x86-64-v3`, at least `x86-64-v2`. Empty: this host
    /// with all its features.
    std::string cpu{};
    /// Every access to a linear memory or mutable global happens and happens in order, even if its
    /// value is not used, so that each out-of-bounds access traps and leaves behind what was
    /// written before it. Without it a dead load may vanish.
    bool strict = false;
    CompileProgress* progress = nullptr;  ///< borrowed; may be null. Has no effect on the output
    bool verify = false;                  ///< run LLVM's IR verifier: for tests and fuzzers
};

/// A module with an invalid function, or a failure of ours (unsupported target, LLVM's refusal).
using CompileError = std::variant<wasm::ModuleError, Error>;

/// Validates the function bodies of `module` and compiles them to an artifact (abi/artifact.h).
/// The result depends on the module and on the options, but not on `threads` or the machine's load.
/// Errors: of the invalid functions the one with the lowest index.
/// Threads: any; compilations may run at the same time.
[[nodiscard]] Result<std::vector<std::byte>, CompileError> compile(const wasm::Module& module,
                                                                   const CompileOptions& options);

}  // namespace wasmax::codegen
