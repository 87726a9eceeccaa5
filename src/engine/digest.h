#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"

namespace wasmax::engine {

/// A SHA-256. docs/decisions/0006-sha-256-from-nettle.md
using Digest = std::array<std::uint8_t, 32>;

/// The digest of `bytes`.
[[nodiscard]] Digest digest_of(ByteView bytes);
[[nodiscard]] Digest digest_of(std::string_view bytes);

/// 64 hexadecimal digits.
[[nodiscard]] std::string to_string(const Digest& digest);

}  // namespace wasmax::engine
