#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "wasm/decoder.h"

namespace wasmax::wasm {

/// Why a primitive of the binary format could not be read: always a malformed module.
struct ReadError {
    const char* message;   ///< the specification's words
    std::uint64_t offset;  ///< of the item, from the start of the module

    // NOLINTNEXTLINE(google-explicit-constructor): for TRY in functions that fail so.
    operator ModuleError() const {
        return {.kind = ModuleError::Kind::malformed,
                .offset = offset,
                .message = message,
                .section = {}};
    }
};

/// Reads the primitives of the binary format from a range of a module and never outside it.
/// A failed read leaves the position at the item. wasm: binary-values
class ByteReader {
public:
    ByteReader() = default;
    /// `offset` is that of bytes[0] from the start of the module.
    ByteReader(ByteView bytes, std::uint64_t offset)
        : cursor_(bytes.data()),
          begin_(bytes.data()),
          end_(bytes.data() + bytes.size()),
          base_offset_(offset) {}

    [[nodiscard]] std::uint64_t offset() const {
        return base_offset_ + static_cast<std::uint64_t>(cursor_ - begin_);
    }
    [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - cursor_); }
    [[nodiscard]] bool at_end() const { return cursor_ == end_; }
    /// Where the next byte is; for views of what was read.
    [[nodiscard]] const std::byte* position() const { return cursor_; }

    /// The next byte without reading it; -1 at the end.
    [[nodiscard]] int peek() const { return at_end() ? -1 : std::to_integer<int>(*cursor_); }

    /// After a peek() that saw one.
    void skip_byte() { ++cursor_; }

    [[nodiscard]] Result<std::uint8_t, ReadError> byte() {
        if (at_end()) [[unlikely]] {
            return fail(unexpected_end());
        }
        return std::to_integer<std::uint8_t>(*cursor_++);
    }
    [[nodiscard]] Result<std::uint32_t, ReadError> u32() {
        if (!at_end() && *cursor_ < std::byte{0x80}) [[likely]] {
            return std::to_integer<std::uint32_t>(*cursor_++);
        }
        return static_cast<std::uint32_t>(TRY(unsigned_leb(32)));
    }
    [[nodiscard]] Result<std::uint64_t, ReadError> u64() {
        if (!at_end() && *cursor_ < std::byte{0x80}) [[likely]] {
            return std::to_integer<std::uint64_t>(*cursor_++);
        }
        return unsigned_leb(64);
    }
    [[nodiscard]] Result<std::int32_t, ReadError> s32() {
        return static_cast<std::int32_t>(TRY(signed_leb_fast(32)));
    }
    [[nodiscard]] Result<std::int64_t, ReadError> s33() { return signed_leb_fast(33); }
    [[nodiscard]] Result<std::int64_t, ReadError> s64() { return signed_leb_fast(64); }

    /// Bit patterns of floats, and the words of the header. Little-endian, as the host is.
    [[nodiscard]] Result<std::uint32_t, ReadError> fixed32() { return fixed<std::uint32_t>(); }
    [[nodiscard]] Result<std::uint64_t, ReadError> fixed64() { return fixed<std::uint64_t>(); }

    /// A view of the next `count` bytes.
    [[nodiscard]] Result<ByteView, ReadError> bytes(std::uint64_t count);
    /// A length and that many bytes of UTF-8. wasm: binary-name
    [[nodiscard]] Result<std::string_view, ReadError> name();

private:
    [[nodiscard]] ReadError unexpected_end() const { return {"unexpected end", offset()}; }
    /// Of `bits` bits, from any number of bytes.
    [[nodiscard]] Result<std::uint64_t, ReadError> unsigned_leb(unsigned bits);
    [[nodiscard]] Result<std::int64_t, ReadError> signed_leb(unsigned bits);

    [[nodiscard]] Result<std::int64_t, ReadError> signed_leb_fast(unsigned bits) {
        if (!at_end() && *cursor_ < std::byte{0x80}) [[likely]] {
            const auto value = std::to_integer<std::int64_t>(*cursor_++);
            return (value ^ 0x40) - 0x40;  // the sign is bit 6
        }
        return signed_leb(bits);
    }
    template <class T>
    [[nodiscard]] Result<T, ReadError> fixed() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            return fail(unexpected_end());
        }
        T value;
        std::memcpy(&value, cursor_, sizeof(T));
        cursor_ += sizeof(T);
        return value;
    }

    const std::byte* cursor_ = nullptr;
    const std::byte* begin_ = nullptr;
    const std::byte* end_ = nullptr;
    std::uint64_t base_offset_ = 0;
};

/// Whether `bytes` are well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
/// wasm: binary-utf8
[[nodiscard]] bool is_utf8(ByteView bytes);

}  // namespace wasmax::wasm
