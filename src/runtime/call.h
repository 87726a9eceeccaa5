#pragma once

#include <span>

#include "abi/vm_context.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {

/// Calls a wasm function and waits until it returns, traps, or native code leaves. `arguments` and
/// `results` have the counts of `type`, which is the function's. Results are written only on
/// Returned. Calls nest: a native entry may call back into wasm; a trap or leave() ends only the
/// innermost call. Threads: that of `thread`, on which the function's instance was created. wasm:
/// exec-invocation
[[nodiscard]] CallOutcome call(ThreadState& thread, const abi::FuncRef& function,
                               const wasm::FunctionType& type, std::span<const Value> arguments,
                               std::span<Value> results);

}  // namespace wasmax::runtime
