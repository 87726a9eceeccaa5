#pragma once

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/result.h"
#include "base/units.h"
#include "engine/text_format.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::wasm {

/// A module in the binary format, made from text. The text is well-formed; the module may be
/// invalid.
inline std::vector<std::byte> wat(std::string_view text) {
    auto binary = engine::text_to_binary(text, "test");
    if (!binary.has_value()) {
        ADD_FAILURE() << binary.error().message;
        return {};
    }
    return std::move(binary).value();
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

}  // namespace wasmax::wasm
