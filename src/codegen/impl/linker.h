#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "abi/exception.h"
#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"

namespace wasmax::codegen {

/// The code of all partitions, one after the other. Field by field what abi::ArtifactHeader
/// describes; symbols are for tools.
struct LinkedCode {
    std::vector<std::byte> text;
    std::vector<std::byte> rodata;
    std::uint64_t rodata_alignment = 1;
    std::vector<CodeSymbol> symbols;  ///< offsets in `text`, ascending
    std::vector<std::uint32_t> functions;
    std::vector<std::uint32_t> wrappers;
    std::vector<std::uint32_t> pcmap_index;
    std::vector<std::byte> pcmap_entries;
    std::vector<std::uint32_t> unwind;
    std::vector<abi::LandingRange> landing;
};

/// The distance from the start of the constants to the start of the text, once both are placed.
struct TextDistance {
    std::int64_t bytes = 0;
};

/// Joins the objects; relocations are left for relocate().
[[nodiscard]] Result<LinkedCode, Error> join(const Plan& plan, std::span<const Object> objects);

/// Applies the relocations of `objects`, the same as were joined to `code`.
[[nodiscard]] Result<void, Error> relocate(LinkedCode& code, const Plan& plan,
                                           std::span<const Object> objects, TextDistance distance);

}  // namespace wasmax::codegen
