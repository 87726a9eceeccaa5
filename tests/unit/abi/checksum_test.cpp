#include "abi/checksum.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "abi/cpu_features.h"
#include "base/units.h"

namespace wasmax::abi {
namespace {

Checksum checksum_of(ByteView bytes) {
    Checksummer checksummer;
    checksummer.update(bytes);
    return checksummer.value();
}

TEST(Checksum, IsFourCrc32c) {
    // RFC 3720 B.4: 32 bytes of zero give 8a9136aa; here each of the four sums takes 8 of every 32.
    const std::vector<std::byte> zeros(128);
    EXPECT_EQ(checksum_of(zeros), (Checksum{0x8a9136aa, 0x8a9136aa, 0x8a9136aa, 0x8a9136aa}));
}

TEST(Checksum, IsTheSameInPieces) {
    std::vector<std::byte> bytes(Checksummer::kStripeBytes * 3 + 5);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * 7);
    }
    const ByteView all(bytes);
    Checksummer pieces;
    pieces.update(all.first(Checksummer::kStripeBytes));
    pieces.update(all.subspan(Checksummer::kStripeBytes));
    EXPECT_EQ(pieces.value(), checksum_of(all));
}

TEST(Checksum, ChangesWithEveryBit) {
    std::vector<std::byte> bytes(Checksummer::kStripeBytes + 3);
    const Checksum good = checksum_of(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        EXPECT_NE(checksum_of(bytes), good) << bit;
        bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
}

TEST(CpuFeatures, OfThisCpuCoverThemselvesAndLess) {
    const CpuFeatures host = host_cpu_features();
    EXPECT_TRUE(covers(host, host));
    EXPECT_TRUE(covers(host, {}));
    EXPECT_FALSE(covers({}, host));
    CpuFeatures more = host;
    more[0] = ~0U;
    EXPECT_EQ(covers(host, more), host[0] == ~0U);
}

}  // namespace
}  // namespace wasmax::abi
