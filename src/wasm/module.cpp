#include "wasm/module.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

namespace wasmax::wasm {

std::uint64_t ElementSegment::count() const {
    return std::visit([](const auto& list) -> std::uint64_t { return list.size(); }, items);
}

const Export* Module::find_export(std::string_view name) const {
    const auto found = std::ranges::find(exports, name, &Export::name);
    return found == exports.end() ? nullptr : &*found;
}

}  // namespace wasmax::wasm
