#pragma once

#include <optional>

#include "abi/vm_context.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::abi {

/// The id of a type that fits 32 bits by itself: at most 3 results, at most 9 values in all, each a
/// number, v128, funcref or externref, in a group of its own. Bit 30 is set, then the result count
/// (2 bits) and 3 bits per value. Never a hash: a collision would let a guest call a function with
/// wrong arguments. nullopt: the type has a process-wide registry id (bit 31) that compiled code
/// loads from its context (ContextLayout::type_ids).
[[nodiscard]] std::optional<TypeId> inline_type_id(const wasm::Module& module,
                                                   wasm::TypeIndex type);
/// The same for a type outside of any module, which is a group of its own.
[[nodiscard]] std::optional<TypeId> inline_type_id(const wasm::FunctionType& type);

}  // namespace wasmax::abi
