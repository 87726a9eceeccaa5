#pragma once

#include <cstdint>
#include <vector>

#include "abi/context_layout.h"
#include "base/error.h"
#include "base/result.h"
#include "codegen/compiler.h"
#include "codegen/impl/target.h"
#include "wasm/module.h"

namespace wasmax::codegen {

/// A range of defined functions that LLVM compiles as one module.
struct Partition {
    wasm::FunctionIndex first;
    std::uint32_t functions = 0;
    std::uint64_t code_bytes = 0;  ///< of wasm
    bool giant = false;            ///< one function that is a giant for t2
    bool optimized = true;         ///< else it is compiled as by t0
    bool has_wrappers = false;     ///< also holds the wrappers of Plan::wrapped
};

/// Half the CPU time of one big module, and no less speed (no inlining happens anyway).
inline constexpr std::uint64_t kPartitionBytes = std::uint64_t{32} * 1024;

/// What all partitions of one compilation share. Immutable while workers run.
struct Plan {
    const wasm::Module& module;
    const CompileOptions& options;
    Target target;
    abi::ContextLayout layout;
    /// By imported function: whether it is a host function.
    std::vector<bool> host_imports;
    /// Host functions that something may call by the wasm convention: those that are exported, that
    /// `ref.func` may name, or that are the start function. Ascending.
    std::vector<wasm::FunctionIndex> wrapped;
    /// By defined function: whether it makes tail calls, so that it needs Prototype::normalised.
    std::vector<bool> tail_callers;
    /// By table: whether all it ever holds are functions of this module's instance; see BodyFacts.
    std::vector<bool> closed_tables;
    /// Whether exceptions may pass through its functions, so that they need unwind information.
    bool unwinds = false;
    /// In the order of their functions; cut by size only, so not by the number of threads.
    std::vector<Partition> partitions;

    /// `function` has a body.
    [[nodiscard]] bool makes_tail_calls(wasm::FunctionIndex function) const {
        return tail_callers[function.value - module.imported_functions];
    }
    [[nodiscard]] bool is_host(wasm::FunctionIndex imported) const {
        return host_imports[imported.value];
    }

    /// `module` and `options` must outlive the plan.
    [[nodiscard]] static Result<Plan, Error> create(const wasm::Module& module,
                                                    const CompileOptions& options);
};

}  // namespace wasmax::codegen
