#include "abi/type_id.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "abi/vm_context.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::abi {
namespace {

constexpr std::size_t kMaxResults = 3;
constexpr std::size_t kMaxValues = 9;
constexpr TypeId kInlineBit = TypeId{1} << 30;

/// 1 to 7, or 0 when the type has no short code.
std::uint32_t short_code(wasm::ValueType type) {
    using wasm::ValueType;
    if (type == ValueType::funcref) {
        return 6;
    }
    if (type == ValueType::externref) {
        return 7;
    }
    if (type.is_ref()) {
        return 0;
    }
    return static_cast<std::uint32_t>(type.kind());
}
static_assert(static_cast<int>(wasm::ValueType::Kind::i32) == 1 &&
              static_cast<int>(wasm::ValueType::Kind::v128) == 5);

}  // namespace

std::optional<TypeId> inline_type_id(const wasm::FunctionType& type) {
    const std::size_t results = type.results.size();
    if (results > kMaxResults || results + type.parameters.size() > kMaxValues) {
        return std::nullopt;
    }
    TypeId id = kInlineBit | static_cast<TypeId>(results);
    unsigned shift = 2;
    for (const auto* values : {&type.results, &type.parameters}) {
        for (const wasm::ValueType value : *values) {
            const std::uint32_t code = short_code(value);
            if (code == 0) {
                return std::nullopt;
            }
            id |= code << shift;
            shift += 3;
        }
    }
    return id;
}

std::optional<TypeId> inline_type_id(const wasm::Module& module, wasm::TypeIndex type) {
    return module.type_groups[type.value].count == 1 ? inline_type_id(module.type(type))
                                                     : std::nullopt;
}

}  // namespace wasmax::abi
