#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "base/units.h"
#include "codegen/compiler.h"
#include "engine/text_format.h"
#include "runtime/artifact.h"
#include "unit/runtime/artifact_builder.h"
#include "wasm/decoder.h"

namespace wasmax::runtime {

/// The artifact of a module, compiled for this machine, every access kept.
[[nodiscard]] inline std::shared_ptr<const Artifact> compile_binary(ByteView binary,
                                                                    std::string name = "test") {
    const auto module = wasm::decode_module(binary);
    EXPECT_TRUE(module.has_value()) << (module ? "" : wasm::to_string(module.error()));
    const auto image = codegen::compile(
        *module, {.tier = codegen::Tier::t2, .threads = 1, .cpu = {}, .strict = true});
    EXPECT_TRUE(image.has_value());
    auto mapped = map_image(*image, std::move(name));
    EXPECT_TRUE(mapped.has_value()) << (mapped ? "" : mapped.error().message);
    return std::move(mapped).value();
}

/// The same of one in text.
[[nodiscard]] inline std::shared_ptr<const Artifact> compile(std::string_view text,
                                                             std::string name = "test") {
    const auto binary = engine::text_to_binary(text, name);
    EXPECT_TRUE(binary.has_value()) << (binary ? "" : binary.error().message);
    return compile_binary(*binary, std::move(name));
}

}  // namespace wasmax::runtime
