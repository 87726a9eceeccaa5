#include "abi/artifact.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "abi/checksum.h"
#include "base/assert.h"
#include "base/units.h"

namespace wasmax::abi {

Checksum artifact_checksum(ByteView image) {
    constexpr std::uint64_t kField = kArtifactHeaderOffset + offsetof(ArtifactHeader, checksum);
    constexpr std::uint64_t kStart = kField & ~std::uint64_t{Checksummer::kStripeBytes - 1};
    constexpr std::uint64_t kEnd = align_up(kField + sizeof(Checksum), Checksummer::kStripeBytes);
    static_assert(kEnd <= kArtifactHeaderOffset + sizeof(ArtifactHeader));
    WASMAX_ASSERT(image.size() >= kEnd);
    std::array<std::byte, kEnd - kStart> around;
    std::memcpy(around.data(), image.data() + kStart, around.size());
    std::memset(around.data() + (kField - kStart), 0, sizeof(Checksum));
    Checksummer checksummer;
    checksummer.update(image.first(kStart));
    checksummer.update(around);
    checksummer.update(image.subspan(kEnd));
    return checksummer.value();
}

}  // namespace wasmax::abi
