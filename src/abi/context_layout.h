#pragma once

#include <cstdint>
#include <vector>

#include "abi/vm_context.h"
#include "wasm/module.h"

namespace wasmax::abi {

/// An imported function of a module that is not a host module.
struct LinkedFunctionSlot {
    const void* code;  ///< wasm calling convention
    VmContext* context;
};

/// Memory k as compiled code sees it; memory 0 is in the fixed part too.
struct MemorySlot {
    std::byte* base;
    MemoryState* state;
};

/// Table k as compiled code sees it.
struct TableSlot {
    TableEntry* entries;  ///< null unless a funcref table
    TableState* state;
};

inline constexpr std::uint32_t kGlobalCellBytes = 16;

/// Where the variable part of a module's VmContext has what: byte offsets from the VmContext.
/// A pure function of the module, so codegen and runtime agree without writing it down.
struct ContextLayout {
    /// By function import: offset of its slot, a `const void*` for functions of host modules and a
    /// LinkedFunctionSlot for others. Indexed by FunctionIndex.
    std::vector<std::uint32_t> function_imports;
    std::uint32_t memories = 0;  ///< MemorySlot per memory
    std::uint32_t tables = 0;    ///< TableSlot per table
    /// By GlobalIndex: for imported globals a pointer to the cell, for own ones the cell itself
    /// (kGlobalCellBytes, 16-byte aligned).
    std::vector<std::uint32_t> globals;
    std::uint32_t tags = 0;      ///< const TagIdentity* per tag (exception.h)
    std::uint32_t type_ids = 0;  ///< TypeId per type of the module, for those without an inline id
    std::uint32_t bytes = 0;     ///< of the whole VmContext, a multiple of 64

    [[nodiscard]] static ContextLayout of(const wasm::Module& module);
};

}  // namespace wasmax::abi
