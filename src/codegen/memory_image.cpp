#include "codegen/impl/memory_image.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "base/units.h"
#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

/// Below both, copying is cheaper than a page and a mapping.
constexpr std::uint64_t kWorthwhileBytes = 64 * kKiB;
constexpr std::size_t kWorthwhileSegments = 64;
/// Extents nearer to each other than this become one: a mapping costs more than a few zero pages.
constexpr std::uint64_t kGapBytes = 64 * kKiB;
constexpr std::size_t kMostExtents = 64;
/// More zeros than this per byte of data, and the segments are kept.
constexpr std::uint64_t kMostGrowth = 3;

constexpr std::uint8_t kDataSectionId = 11;
constexpr std::byte kPassive{1};

/// A range of a memory.
struct Range {
    std::uint32_t memory = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
};

/// Where an active segment goes, if that is known now and allowed.
std::optional<Range> place_of(const wasm::Module& module, const wasm::DataSegment& segment) {
    const std::uint32_t memory = segment.memory.value;
    if (memory < module.imported_memories || segment.offset.size() != 1) {
        return std::nullopt;
    }
    const wasm::ConstantInstruction& offset = segment.offset.front();
    if (offset.opcode != wasm::Opcode::i32_const && offset.opcode != wasm::Opcode::i64_const) {
        return std::nullopt;
    }
    const std::uint64_t size = module.memory_types[memory].limits.minimum * kWasmPageBytes;
    if (offset.bits > size || segment.bytes.size() > size - offset.bits) {
        return std::nullopt;
    }
    return Range{memory, offset.bits, offset.bits + segment.bytes.size()};
}

/// Whole pages that cover the ranges, ascending, near ones joined.
std::vector<Range> join(std::vector<Range> ranges) {
    std::ranges::sort(ranges, [](const Range& a, const Range& b) {
        return a.memory != b.memory ? a.memory < b.memory : a.start < b.start;
    });
    std::vector<Range> joined;
    for (const Range& range : ranges) {
        const std::uint64_t start = range.start / kHostPageBytes * kHostPageBytes;
        const std::uint64_t end = align_up(range.end, kHostPageBytes);
        if (!joined.empty() && joined.back().memory == range.memory &&
            start <= joined.back().end + kGapBytes) {
            joined.back().end = std::max(joined.back().end, end);
        } else {
            joined.push_back({range.memory, start, end});
        }
    }
    return joined;
}

/// Copies the active segments, in their order: a later one may overwrite an earlier one.
void fill(MemoryImage& image, const wasm::Module& module) {
    for (const wasm::DataSegment& segment : module.data) {
        if (segment.mode != wasm::SegmentMode::active || segment.bytes.empty()) {
            continue;
        }
        const Range place = place_of(module, segment).value_or(Range{});
        std::uint64_t offset = 0;
        for (const MemoryImage::Extent& extent : image.extents) {
            if (extent.memory == place.memory && place.start >= extent.address &&
                place.start < extent.address + extent.bytes) {
                std::memcpy(image.data.data() + offset + (place.start - extent.address),
                            segment.bytes.data(), segment.bytes.size());
                break;
            }
            offset += extent.bytes;
        }
    }
}

void append_leb(std::vector<std::byte>& out, std::uint64_t value) {
    constexpr std::uint64_t kLow = 0x7f;
    for (; value > kLow; value >>= 7) {
        out.push_back(std::byte(static_cast<std::uint8_t>(value | ~kLow)));
    }
    out.push_back(std::byte(static_cast<std::uint8_t>(value)));
}

}  // namespace

MemoryImage memory_image(const wasm::Module& module) {
    std::vector<Range> ranges;
    std::uint64_t data_bytes = 0;
    for (const wasm::DataSegment& segment : module.data) {
        if (segment.mode != wasm::SegmentMode::active) {
            continue;
        }
        const auto place = place_of(module, segment);
        if (!place.has_value()) {
            return {};
        }
        if (!segment.bytes.empty()) {
            ranges.push_back(*place);
            data_bytes += segment.bytes.size();
        }
    }
    if (data_bytes < kWorthwhileBytes && ranges.size() < kWorthwhileSegments) {
        return {};
    }
    std::uint64_t image_bytes = 0;
    MemoryImage image;
    for (const Range& range : join(std::move(ranges))) {
        image.extents.push_back({range.memory, range.start, range.end - range.start});
        image_bytes += range.end - range.start;
    }
    if (image.extents.size() > kMostExtents || image_bytes > kMostGrowth * data_bytes + kMiB) {
        return {};
    }
    image.data.resize(image_bytes);
    fill(image, module);
    return image;
}

std::vector<std::byte> data_section_without_active(const wasm::Module& module) {
    std::vector<std::byte> contents;
    append_leb(contents, module.data.size());
    for (const wasm::DataSegment& segment : module.data) {
        contents.push_back(kPassive);
        const bool kept = segment.mode != wasm::SegmentMode::active;
        append_leb(contents, kept ? segment.bytes.size() : 0);
        if (kept) {
            contents.insert(contents.end(), segment.bytes.begin(), segment.bytes.end());
        }
    }
    std::vector<std::byte> section{std::byte{kDataSectionId}};
    append_leb(section, contents.size());
    section.insert(section.end(), contents.begin(), contents.end());
    return section;
}

}  // namespace wasmax::codegen
