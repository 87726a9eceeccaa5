#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

/// The names of the subsection `function names`, by function index. wasm: binary-namesec
Result<std::vector<std::string>, ReadError> decode_name_section(const CustomSection& section,
                                                                std::size_t functions) {
    constexpr std::uint8_t kFunctionNames = 1;
    std::vector<std::string> names(functions);
    ByteReader reader(section.contents, section.offset);
    while (!reader.at_end()) {
        const std::uint8_t id = TRY(reader.byte());
        const std::uint32_t size = TRY(reader.u32());
        const std::uint64_t offset = reader.offset();
        ByteReader subsection(TRY(reader.bytes(size)), offset);
        if (id != kFunctionNames) {
            continue;
        }
        for (std::uint32_t count = TRY(subsection.u32()); count > 0; --count) {
            const std::uint32_t function = TRY(subsection.u32());
            const std::string_view name = TRY(subsection.name());
            if (function < functions) {
                names[function] = name;
            }
        }
    }
    return names;
}

}  // namespace

FunctionNames FunctionNames::decode(const Module& module) {
    FunctionNames names;
    const auto section = std::ranges::find(module.custom_sections, "name", &CustomSection::name);
    if (section != module.custom_sections.end()) {
        auto decoded = decode_name_section(*section, module.function_types.size());
        if (decoded.has_value()) {
            names.names_ = std::move(decoded).value();
        }
    }
    names.names_.resize(module.function_types.size());
    for (const Export& exported : module.exports) {
        if (exported.kind == ExternKind::function && names.names_[exported.index].empty()) {
            names.names_[exported.index] = exported.name;
        }
    }
    return names;
}

std::string FunctionNames::name(FunctionIndex function) const {
    if (function.value < names_.size() && !names_[function.value].empty()) {
        return names_[function.value];
    }
    return "func[" + std::to_string(function.value) + "]";
}

}  // namespace wasmax::wasm
