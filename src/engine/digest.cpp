#include "engine/digest.h"

#include <nettle/sha2.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/units.h"

namespace wasmax::engine {

Digest digest_of(ByteView bytes) {
    sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
    Digest digest;
    sha256_digest(&state, digest.size(), digest.data());
    return digest;
}

Digest digest_of(std::string_view bytes) { return digest_of(std::as_bytes(std::span(bytes))); }

std::string to_string(const Digest& digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(digest.size() * 2);
    for (const std::uint8_t byte : digest) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

}  // namespace wasmax::engine
