#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/result.h"
#include "base/units.h"
#include "engine/text_format.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::wasm {

using ByteVector = std::vector<std::byte>;

/// A module in the binary format, made from text. The text is well-formed; the module may be
/// invalid.
inline ByteVector wat(std::string_view text) {
    auto binary = engine::text_to_binary(text, "test");
    if (!binary.has_value()) {
        ADD_FAILURE() << binary.error().message;
        return {};
    }
    return std::move(binary).value();
}

/// For what the text format cannot say: bytes, and strings of bytes, one after the other.
class Binary {
public:
    static Binary header() { return Binary().raw({0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00}); }

    Binary raw(std::initializer_list<int> bytes) && { return std::move(*this).repeat(1, bytes); }
    Binary unsigned_leb(std::uint64_t value) && {
        do {
            const auto low = static_cast<unsigned>(value & 0x7f);
            value >>= 7;
            bytes_.push_back(static_cast<std::byte>(low | (value != 0 ? 0x80U : 0U)));
        } while (value != 0);
        return std::move(*this);
    }
    Binary append(const ByteVector& bytes) && {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return std::move(*this);
    }
    Binary append(const Binary& other) && { return std::move(*this).append(other.bytes_); }
    Binary repeat(std::size_t count, std::initializer_list<int> bytes) && {
        for (; count > 0; --count) {
            for (const int byte : bytes) {
                bytes_.push_back(static_cast<std::byte>(byte));
            }
        }
        return std::move(*this);
    }
    Binary section(int id, const Binary& contents) && {
        return std::move(*this).raw({id}).sized(contents);
    }
    Binary section(int id, std::initializer_list<int> contents) && {
        return std::move(*this).section(id, Binary().raw(contents));
    }
    /// The number of bytes, then the bytes: a section's contents, a function body, a name.
    Binary sized(const Binary& contents) && {
        return std::move(*this).unsigned_leb(contents.bytes_.size()).append(contents);
    }

    [[nodiscard]] const ByteVector& bytes() const { return bytes_; }

private:
    ByteVector bytes_;
};

/// A module with one function of type [] -> [] whose code entry is `body`: locals and instructions.
inline Binary module_with_body(const Binary& body) {
    return Binary::header()
        .section(1, {1, 0x60, 0, 0})
        .section(3, {1, 0})
        .section(10, Binary().raw({1}).sized(body));
}

/// Decodes and validates everything.
inline Result<void, ModuleError> check(ByteView bytes, const DecodeOptions& options = {}) {
    auto module = decode_module(bytes, options);
    if (!module.has_value()) {
        return fail(std::move(module).error());
    }
    return validate_functions(*module, options.features, 1);
}

/// The error's text, or "accepted".
inline std::string verdict(const Result<void, ModuleError>& result) {
    return result.has_value() ? "accepted" : to_string(result.error());
}

inline std::string verdict(std::string_view text, const DecodeOptions& options = {}) {
    return verdict(check(wat(text), options));
}

inline std::string verdict(const Binary& module, const DecodeOptions& options = {}) {
    return verdict(check(module.bytes(), options));
}

/// Everything but `missing`.
inline DecodeOptions without(Feature missing) {
    DecodeOptions options;
    options.features.disable(missing);
    return options;
}

}  // namespace wasmax::wasm
