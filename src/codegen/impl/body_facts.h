#pragma once

#include <vector>

#include "codegen/impl/body_size.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// What must be known about all function bodies before the first one is compiled.
struct BodyFacts {
    /// By defined function: whether it makes tail calls. Its callers are compiled maybe before it,
    /// and declare it otherwise.
    std::vector<bool> tail_callers;
    /// By table: whether its entries are for ever what the module's active segments put there, and
    /// all of them defined functions of the module. So it is neither imported nor exported, and no
    /// instruction writes to it: an entry's code never changes, and belongs to the caller's
    /// context.
    std::vector<bool> closed_tables;
    std::vector<BodySize> sizes;  ///< by defined function
};

/// Decodes every body once, at the speed of validation. What is wrong with an invalid one is said
/// when it is compiled.
[[nodiscard]] BodyFacts find_body_facts(const wasm::Module& module, wasm::Features features);

}  // namespace wasmax::codegen
