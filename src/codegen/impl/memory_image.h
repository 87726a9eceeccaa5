#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wasm/module.h"

namespace wasmax::codegen {

/// What a module's memories begin with, as pages that the runtime maps instead of copying segments.
struct MemoryImage {
    /// Of consecutive bytes of `data`, in order. Whole host pages.
    struct Extent {
        std::uint32_t memory = 0;
        std::uint64_t address = 0;
        std::uint64_t bytes = 0;
    };
    std::vector<Extent> extents;  ///< empty: the segments are to be copied
    std::vector<std::byte> data;
};

/// Of the active data segments, if it is worth it (much data or many segments) and exact: all of
/// them lie inside defined memories at constant addresses. wasm: exec-instantiation
[[nodiscard]] MemoryImage memory_image(const wasm::Module& module);

/// The data section that goes with an image: its active segments as empty passive ones, which is
/// what instantiation leaves of them. Whole, with id and size.
[[nodiscard]] std::vector<std::byte> data_section_without_active(const wasm::Module& module);

}  // namespace wasmax::codegen
