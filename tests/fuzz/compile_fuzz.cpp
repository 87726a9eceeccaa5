// What validates compiles, on every tier, to IR that LLVM's verifier accepts; what does not is
// refused by the compiler with the same error. The input is the body of a function in a module that
// has one of everything, or a whole module if it begins like one.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "fuzz/body_module.h"
#include "wasm/decoder.h"

namespace wasmax::fuzz {
namespace {

/// The optimizer is not what is tested, so it gets little work.
constexpr std::size_t kMostBytes = 4096;

void compile(ByteView bytes) {
    const auto module = wasm::decode_module(bytes, {});
    if (!module) {
        return;
    }
    const auto valid = wasm::validate_functions(*module, wasm::Features::supported(), 1);
    for (const auto tier : {codegen::Tier::t0, codegen::Tier::t2, codegen::Tier::t3}) {
        const auto artifact =
            codegen::compile(*module, {.tier = tier, .threads = 1, .verify = true});
        if (artifact.has_value()) {
            WASMAX_ASSERT(valid.has_value());
            continue;
        }
        if (const auto* invalid = std::get_if<wasm::ModuleError>(&artifact.error())) {
            WASMAX_ASSERT(!valid.has_value() && invalid->offset == valid.error().offset);
            return;
        }
        // Ours to refuse: a host import with two results, and the like.
        WASMAX_ASSERT(std::get<Error>(artifact.error()).kind == Error::Kind::unsupported);
    }
}

}  // namespace
}  // namespace wasmax::fuzz

// The name and the types are libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > wasmax::fuzz::kMostBytes) {
        return 0;
    }
    const wasmax::ByteView input = std::as_bytes(std::span(data, size));
    constexpr std::string_view kMagic("\0asm", 4);
    if (std::string_view(reinterpret_cast<const char*>(data), size).starts_with(kMagic)) {
        wasmax::fuzz::compile(input);
    } else {
        const std::vector<std::uint8_t> bytes = wasmax::fuzz::module_around(input);
        wasmax::fuzz::compile(std::as_bytes(std::span(bytes)));
    }
    return 0;
}
