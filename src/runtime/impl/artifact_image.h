#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "abi/artifact.h"
#include "abi/exception.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::runtime {

/// A copy of the image's header whose every part lies inside the image, and whose code this process
/// and CPU can run: magic, versions, ELF segments and parts are checked. Reads nothing outside
/// `image`. Errors: invalid, unsupported.
[[nodiscard]] Result<abi::ArtifactHeader, Error> checked_header(ByteView image);

/// The bytes of a part of a checked header.
[[nodiscard]] ByteView part_bytes(ByteView image, abi::ArtifactPart part);

/// Every extent of a checked header: page-aligned, inside the part that holds their bytes. Errors:
/// invalid.
[[nodiscard]] Result<std::vector<abi::MemoryExtent>, Error> memory_extents(
    ByteView image, const abi::ArtifactHeader& header);

/// A part that is an array of `count` 32-bit numbers. Errors: invalid (another size, or
/// misaligned).
[[nodiscard]] Result<std::span<const std::uint32_t>, Error> part_numbers(ByteView image,
                                                                         abi::ArtifactPart part,
                                                                         std::uint64_t count);

/// A part that is an array of LandingRange. Errors: as part_numbers.
[[nodiscard]] Result<std::span<const abi::LandingRange>, Error> part_ranges(ByteView image,
                                                                            abi::ArtifactPart part);

}  // namespace wasmax::runtime
