#include "abi/checksum.h"

#include <nmmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/units.h"

namespace wasmax::abi {
namespace {

[[gnu::target("sse4.2")]] inline void add(std::array<std::uint64_t, 4>& sums,
                                          const std::byte* stripe) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, stripe + i * sizeof word, sizeof word);
        sums[i] = _mm_crc32_u64(sums[i], word);
    }
}

}  // namespace

[[gnu::target("sse4.2")]] void Checksummer::update(ByteView piece) {
    std::array<std::uint64_t, 4> sums = sums_;
    for (; piece.size() >= kStripeBytes; piece = piece.subspan(kStripeBytes)) {
        add(sums, piece.data());
    }
    if (!piece.empty()) {
        std::array<std::byte, kStripeBytes> stripe{};
        std::memcpy(stripe.data(), piece.data(), piece.size());
        add(sums, stripe.data());
    }
    sums_ = sums;
}

Checksum Checksummer::value() const {
    Checksum value;
    for (std::size_t i = 0; i < value.size(); ++i) {
        value[i] = ~static_cast<std::uint32_t>(sums_[i]);
    }
    return value;
}

}  // namespace wasmax::abi
