#include "wasm/type_group.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using IdOf = std::function<std::uint32_t(TypeIndex)>;

/// One number per value type: what kind of type it is above, which type it refers to below.
std::uint64_t number_of(ValueType type, TypeIndex first, const IdOf& id_of) {
    constexpr unsigned kNullableShift = 32;
    constexpr unsigned kHeapShift = 33;
    constexpr unsigned kKindShift = 40;
    constexpr unsigned kInGroupShift = 48;
    std::uint64_t number = std::uint64_t{static_cast<std::uint8_t>(type.kind())} << kKindShift |
                           std::uint64_t{static_cast<std::uint8_t>(type.heap())} << kHeapShift |
                           std::uint64_t{type.is_nullable()} << kNullableShift;
    if (type.is_defined()) {
        const TypeIndex index = type.type_index();
        number |= index < first ? id_of(index)
                                : std::uint64_t{1} << kInGroupShift | (index.value - first.value);
    }
    return number;
}

}  // namespace

std::vector<std::uint64_t> type_group_key(std::span<const FunctionType> group, TypeIndex first,
                                          const IdOf& id_of) {
    std::vector<std::uint64_t> key;
    for (const FunctionType& type : group) {
        key.push_back(std::uint64_t{type.parameters.size()} << 32U | type.results.size());
        for (const auto* values : {&type.parameters, &type.results}) {
            for (const ValueType value : *values) {
                key.push_back(number_of(value, first, id_of));
            }
        }
    }
    return key;
}

}  // namespace wasmax::wasm
