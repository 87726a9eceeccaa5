#pragma once

#include <array>
#include <cstdint>

#include "base/units.h"

namespace wasmax::abi {

/// Finds damage, not malice. One CRC-32C each of the first, second, third and fourth 8 bytes of
/// every 32: four at a time because the CPU's instruction takes three cycles but starts every
/// cycle.
using Checksum = std::array<std::uint32_t, 4>;

/// Takes the checksum of bytes that come in pieces. Needs SSE4.2, which every CPU has that compiled
/// code runs on (x86-64-v2).
class Checksummer {
public:
    /// The length of every piece but the last is a multiple of this.
    static constexpr std::size_t kStripeBytes = 32;

    void update(ByteView piece);
    [[nodiscard]] Checksum value() const;

private:
    std::array<std::uint64_t, 4> sums_{~std::uint32_t{0}, ~std::uint32_t{0}, ~std::uint32_t{0},
                                       ~std::uint32_t{0}};
};

}  // namespace wasmax::abi
