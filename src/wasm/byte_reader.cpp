#include "wasm/impl/byte_reader.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace wasmax::wasm {

Result<std::uint64_t, ReadError> ByteReader::unsigned_leb(unsigned bits) {
    const std::byte* next = cursor_;
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (next == end_) {
            return fail(unexpected_end());
        }
        const auto byte = std::to_integer<std::uint64_t>(*next++);
        const unsigned bits_left = bits - shift;
        if (bits_left < 7) {
            if ((byte & 0x80) != 0) {
                return fail(ReadError{"integer representation too long", offset()});
            }
            if ((byte >> bits_left) != 0) {
                return fail(ReadError{"integer too large", offset()});
            }
        }
        value |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            cursor_ = next;
            return value;
        }
    }
}

Result<std::int64_t, ReadError> ByteReader::signed_leb(unsigned bits) {
    const std::byte* next = cursor_;
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (next == end_) {
            return fail(unexpected_end());
        }
        const auto byte = std::to_integer<std::uint64_t>(*next++);
        const unsigned bits_left = bits - shift;
        if (bits_left < 7) {
            if ((byte & 0x80) != 0) {
                return fail(ReadError{"integer representation too long", offset()});
            }
            // The bits that do not fit must repeat the sign bit, the last one that does.
            const std::uint64_t beyond = byte >> (bits_left - 1);
            const std::uint64_t all_ones = std::uint64_t{0x7f} >> (bits_left - 1);
            if (beyond != 0 && beyond != all_ones) {
                return fail(ReadError{"integer too large", offset()});
            }
        }
        value |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            const unsigned width = shift + 7;
            if (width < 64 && (byte & 0x40) != 0) {
                value |= ~std::uint64_t{0} << width;
            }
            cursor_ = next;
            return static_cast<std::int64_t>(value);
        }
    }
}

Result<ByteView, ReadError> ByteReader::bytes(std::uint64_t count) {
    if (count > remaining()) {
        return fail(ReadError{"unexpected end", offset()});
    }
    const ByteView view(cursor_, static_cast<std::size_t>(count));
    cursor_ += count;
    return view;
}

Result<std::string_view, ReadError> ByteReader::name() {
    const ByteReader start = *this;
    const std::uint32_t length = TRY(u32());
    auto view = bytes(length);
    if (!view.has_value()) {
        *this = start;
        return fail(ReadError{"length out of bounds", offset()});
    }
    if (!is_utf8(*view)) {
        *this = start;
        return fail(ReadError{"malformed UTF-8 encoding", offset()});
    }
    // std::byte and char may both alias anything; a string_view has no other way to see bytes.
    return std::string_view(reinterpret_cast<const char*>(view->data()), view->size());
}

namespace {

/// The number of bytes of the well-formed sequence at the start of `bytes`; 0 if there is none.
std::size_t utf8_sequence_bytes(ByteView bytes) {
    struct Form {
        unsigned mask, lead, bytes, minimum;
    };
    static constexpr Form kForms[] = {{0x80, 0x00, 1, 0},
                                      {0xe0, 0xc0, 2, 0x80},
                                      {0xf0, 0xe0, 3, 0x800},
                                      {0xf8, 0xf0, 4, 0x10000}};
    const auto lead = std::to_integer<unsigned>(bytes[0]);
    for (const Form& form : kForms) {
        if ((lead & form.mask) != form.lead) {
            continue;
        }
        if (bytes.size() < form.bytes) {
            return 0;
        }
        unsigned code_point = lead & ~form.mask;
        for (std::size_t i = 1; i < form.bytes; ++i) {
            const auto next = std::to_integer<unsigned>(bytes[i]);
            if ((next & 0xc0) != 0x80) {
                return 0;
            }
            code_point = code_point << 6 | (next & 0x3f);
        }
        const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
        return code_point < form.minimum || surrogate || code_point > 0x10ffff ? 0 : form.bytes;
    }
    return 0;
}

}  // namespace

bool is_utf8(ByteView bytes) {
    while (!bytes.empty()) {
        const std::size_t count = utf8_sequence_bytes(bytes);
        if (count == 0) {
            return false;
        }
        bytes = bytes.subspan(count);
    }
    return true;
}

}  // namespace wasmax::wasm
