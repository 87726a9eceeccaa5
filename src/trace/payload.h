#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/units.h"
#include "trace/record.h"

namespace wasmax::trace {

/// Strings are cut to this many bytes.
inline constexpr std::size_t kStringBytes = 32;

/// A call's arguments and results as bytes, in the order of the schema's fields: those that go in,
/// then, if it succeeded, those that come out. Sizes are even. What does not fit is left out.
class Payload {
public:
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): clearing it would cost per call.
    Payload() {}

    template <class T>
    void put(T value) {
        static_assert(sizeof value % 2 == 0);
        put_bytes(&value, sizeof value);
    }

    /// The length, then the bytes up to kStringBytes.
    void put_string(std::string_view text) {
        put(static_cast<std::uint32_t>(text.size()));
        const std::size_t count = std::min(text.size(), kStringBytes);
        put_bytes(text.data(), count);
        if (count % 2 != 0) {
            put_bytes("", 1);
        }
    }

    /// `family` of the guest's numbering, the port, and an even number of bytes of address.
    void put_address(std::uint8_t family, std::uint16_t port, ByteView address) {
        put(static_cast<std::uint16_t>(family | address.size() << 8U));
        put(port);
        put_bytes(address.data(), address.size());
    }

    [[nodiscard]] ByteView bytes() const { return {bytes_.data(), size_}; }

private:
    void put_bytes(const void* from, std::size_t count) {
        if (count <= bytes_.size() - size_) [[likely]] {
            std::memcpy(bytes_.data() + size_, from, count);
            size_ += count;
        }
    }

    std::size_t size_ = 0;
    std::array<std::byte, kMaxPayloadBytes> bytes_;
};

}  // namespace wasmax::trace
