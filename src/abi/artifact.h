#pragma once

#include <array>
#include <cstdint>

#include "abi/checksum.h"
#include "abi/cpu_features.h"
#include "base/units.h"

namespace wasmax::abi {

// A compiled module: an ELF64 ET_DYN image in which every file offset equals the virtual address,
// so that it is mapped with one mmap per segment and needs no loader. The ArtifactHeader stands at
// kArtifactHeaderOffset; tools find the same parts by section name. Offsets are from the image's
// start.

inline constexpr std::uint64_t kArtifactHeaderOffset = 0x400;
inline constexpr std::array<char, 8> kArtifactMagic{'w', 'm', 'x', 'a', 'r', 't', '\r', '\n'};

/// A part of the image. `bytes` 0: absent.
struct ArtifactPart {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// Where a part of `memory_data` belongs: what active data segments leave in a memory of the
/// module, whole host pages, so that they are mapped and not copied.
struct MemoryExtent {
    std::uint32_t memory = 0;  ///< index of a defined memory
    std::uint32_t reserved = 0;
    std::uint64_t address = 0;  ///< in that memory, a multiple of the host's page
    std::uint64_t offset = 0;   ///< from the image's start, a multiple of the host's page
    std::uint64_t bytes = 0;    ///< a multiple of the host's page
};

/// Written by codegen/artifact_writer, read and checked by runtime/artifact_loader. All fields are
/// little-endian; the loader trusts none of them before it has checked it against the image's size.
struct ArtifactHeader {
    std::array<char, 8> magic = kArtifactMagic;
    std::uint32_t abi_version = 0;   ///< kAbiVersion of the writer
    std::uint32_t header_bytes = 0;  ///< sizeof(ArtifactHeader)
    std::array<char, 32> build{};    ///< version of the wasmax that wrote it, NUL-padded
    std::array<char, 32> cpu{};      ///< target CPU as LLVM names it, NUL-padded
    /// What the code may use when `cpu` is not a level of the x86-64 psABI: the features of the CPU
    /// that it was compiled on. Otherwise zero.
    CpuFeatures cpu_features{};
    std::uint32_t tier = 0;      ///< of codegen::Tier
    std::uint32_t features = 0;  ///< bit n: wasm::Feature n was enabled
    /// Of the image up to the end of `text`, taken with this field zero. What follows are names for
    /// tools.
    Checksum checksum{};
    std::uint64_t image_bytes = 0;  ///< of the whole file
    std::uint32_t defined_functions = 0;
    std::uint32_t imported_functions = 0;
    /// The module's binary without its code section (`.wmx.module`).
    ArtifactPart module;
    /// u32 per defined function, plus one: offset of its code from the start of `text`; the last
    /// entry is the end of the last function. Ascending (`.wmx.functions`).
    ArtifactPart functions;
    /// u32 per imported function: offset from the start of `text` of a wrapper with the wasm
    /// calling convention around a host function, or ~0 where none was needed (`.wmx.wrappers`).
    ArtifactPart wrappers;
    /// u32 per defined function, plus one: where its entries start in `pcmap_entries`
    /// (`.wmx.pcindex`).
    ArtifactPart pcmap_index;
    /// LEB128 pairs: pc delta (unsigned, from the function's start or the previous entry) and wasm
    /// offset delta (signed, from 0 or the previous entry) (`.wmx.pcmap`).
    ArtifactPart pcmap_entries;
    /// u32 per defined function, where exceptions may pass through the module: which callee-saved
    /// registers it saved where (exception.h, `.wmx.unwind`).
    ArtifactPart unwind;
    /// Of LandingRange, by address (`.wmx.landing`).
    ArtifactPart landing;
    ArtifactPart rodata;  ///< constants and jump tables (`.rodata`)
    /// MemoryExtent each, ascending by memory and address. Empty: `module` has the data segments.
    /// Otherwise its active ones are empty passive ones there (`.wmx.extents`).
    ArtifactPart memory_extents;
    ArtifactPart memory_data;  ///< page-aligned (`.wmx.data`)
    ArtifactPart text;         ///< executable, page-aligned (`.text`)
};

/// What ArtifactHeader::checksum should be. `image` is the image up to the end of `text`, and holds
/// a header.
[[nodiscard]] Checksum artifact_checksum(ByteView image);

inline constexpr std::uint32_t kNoWrapper = ~std::uint32_t{0};

}  // namespace wasmax::abi
