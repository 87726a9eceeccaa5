#pragma once

#include <variant>

#include "abi/vm_context.h"
#include "wasm/types.h"

namespace wasmax::runtime {

class Global;
class Memory;
class Table;
class Tag;

/// A function of a store: wasm code, or a native function made by Store::native_function.
struct Function {
    const abi::FuncRef* ref = nullptr;
    const wasm::FunctionType* type = nullptr;  ///< lives as long as the store
};

/// A native entry: `R entry(VmContext*, P...)` in the System V C convention, noexcept. i32 is
/// uint32_t, i64 is uint64_t, references are pointers; at most one result.
struct HostFunction {
    const void* code = nullptr;
    wasm::FunctionType type;
    bool returns = true;  ///< false: it takes no notice of its arguments, and any type will do
};

/// What an instance exports, or is given as an import. wasm: syntax-externval
using Extern = std::variant<Function, Table*, Memory*, Global*, Tag*, HostFunction>;

}  // namespace wasmax::runtime
