// Any bytes: decode_module, validate_functions, FunctionNames and the contract of sinks. Nothing
// may read outside the bytes, crash or take long; errors lie inside the module; a sink hears about
// every valid function, and only of values and labels it made (RecordingSink checks that).

#include <cstddef>
#include <cstdint>
#include <span>

#include <gtest/gtest.h>

#include "base/assert.h"
#include "unit/wasm/recording_sink.h"
#include "wasm/decoder.h"
#include "wasm/function_decoder.h"

namespace wasmax::wasm {
namespace {

void check_error(const ModuleError& error, ByteView bytes) {
    WASMAX_ASSERT(error.offset <= bytes.size());
    WASMAX_ASSERT(!error.message.empty());
}

void decode_bodies(const Module& module, Features features) {
    for (std::uint32_t body = 0; body < module.bodies.size(); ++body) {
        RecordingSink sink;
        const FunctionIndex function{module.imported_functions + body};
        WASMAX_ASSERT(decode_function(module, features, function, sink).has_value());
        WASMAX_ASSERT(!testing::Test::HasFailure());
    }
}

void decode(ByteView bytes, const DecodeOptions& options) {
    const auto module = decode_module(bytes, options);
    if (!module.has_value()) {
        check_error(module.error(), bytes);
        return;
    }
    const FunctionNames names = FunctionNames::decode(*module);
    WASMAX_ASSERT(!names.name(FunctionIndex{0}).empty());
    const auto valid = validate_functions(*module, options.features, 1);
    if (!valid.has_value()) {
        check_error(valid.error(), bytes);
        return;
    }
    decode_bodies(*module, options.features);
}

/// Everything the decoder knows, enabled or not by default.
DecodeOptions every_feature() {
    DecodeOptions options;
    for (int feature = 0; feature <= static_cast<int>(Feature::function_references); ++feature) {
        options.features.enable(static_cast<Feature>(feature));
    }
    return options;
}

}  // namespace
}  // namespace wasmax::wasm

// The names and the types are libFuzzer's.
extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
    testing::InitGoogleTest(argument_count, *arguments);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const wasmax::ByteView bytes = std::as_bytes(std::span(data, size));
    wasmax::wasm::decode(bytes, {});
    wasmax::wasm::decode(bytes, wasmax::wasm::every_feature());
    return 0;
}
