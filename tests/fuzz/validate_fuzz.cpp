// Any bytes as the body of a function in a module that has one of everything: one thread and two
// find the same first error, which lies in the module, or none.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/units.h"
#include "fuzz/body_module.h"
#include "wasm/decoder.h"

// The name and the types are libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wasmax;  // NOLINT(google-build-using-namespace): a function of two calls
    const std::vector<std::uint8_t> bytes =
        fuzz::module_around(std::as_bytes(std::span(data, size)));
    const auto module = wasm::decode_module(std::as_bytes(std::span(bytes)), {});
    WASMAX_ASSERT(module.has_value());
    const auto alone = wasm::validate_functions(*module, wasm::Features::supported(), 1);
    const auto together = wasm::validate_functions(*module, wasm::Features::supported(), 2);
    WASMAX_ASSERT(alone.has_value() == together.has_value());
    if (!alone.has_value()) {
        WASMAX_ASSERT(alone.error().offset == together.error().offset);
        WASMAX_ASSERT(alone.error().offset <= bytes.size());
        WASMAX_ASSERT(!alone.error().message.empty());
    }
    return 0;
}
