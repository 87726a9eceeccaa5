#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "wasm/types.h"

namespace wasmax::wasm {

/// A group of types as numbers: equal exactly for equal groups, wherever they are. `group` are its
/// types, the first of which is `first` in the module; `id_of` numbers the types before them, with
/// equal numbers exactly for equal types. Ordered containers take it as a key: the types are the
/// guest's, and a hash could be made to collide. wasm: valid-rectype, appendix type equality
[[nodiscard]] std::vector<std::uint64_t> type_group_key(
    std::span<const FunctionType> group, TypeIndex first,
    const std::function<std::uint32_t(TypeIndex)>& id_of);

}  // namespace wasmax::wasm
