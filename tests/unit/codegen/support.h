#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/artifact.h"
#include "base/error.h"
#include "codegen/compiler.h"
#include "engine/text_format.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::codegen {

inline constexpr Tier kTiers[] = {Tier::t0, Tier::t2, Tier::t3};

/// A module made from well-formed text whose sections, bodies aside, are valid.
class TextModule {
public:
    explicit TextModule(std::string_view text) {
        auto binary = engine::text_to_binary(text, "test");
        EXPECT_TRUE(binary.has_value()) << binary.error().message;
        binary_ = std::move(binary).value();
        auto module = wasm::decode_module(binary_);
        EXPECT_TRUE(module.has_value()) << to_string(module.error());
        module_ = std::move(module).value();
    }
    TextModule(const TextModule&) = delete;  // the module points into binary_
    TextModule& operator=(const TextModule&) = delete;

    [[nodiscard]] const wasm::Module& operator*() const { return module_; }
    [[nodiscard]] const wasm::Module* operator->() const { return &module_; }

private:
    std::vector<std::byte> binary_;
    wasm::Module module_;
};

inline std::string to_string(const CompileError& error) {
    const auto* invalid = std::get_if<wasm::ModuleError>(&error);
    return invalid != nullptr ? wasm::to_string(*invalid) : std::get<Error>(error).message;
}

/// The artifact of a module that compiles.
inline std::vector<std::byte> compile_text(std::string_view text, CompileOptions options = {}) {
    const TextModule module(text);
    options.verify = true;
    auto artifact = compile(*module, options);
    if (!artifact.has_value()) {
        ADD_FAILURE() << to_string(artifact.error());
        return {};
    }
    return std::move(artifact).value();
}

inline abi::ArtifactHeader header_of(std::span<const std::byte> artifact) {
    abi::ArtifactHeader header;
    EXPECT_GE(artifact.size(), abi::kArtifactHeaderOffset + sizeof header);
    std::memcpy(&header, artifact.data() + abi::kArtifactHeaderOffset, sizeof header);
    return header;
}

inline std::span<const std::byte> part_of(std::span<const std::byte> artifact,
                                          abi::ArtifactPart part) {
    EXPECT_LE(part.offset + part.bytes, artifact.size());
    return artifact.subspan(part.offset, part.bytes);
}

/// A table of u32, such as ArtifactHeader::functions.
inline std::vector<std::uint32_t> table_of(std::span<const std::byte> artifact,
                                           abi::ArtifactPart part) {
    const auto bytes = part_of(artifact, part);
    std::vector<std::uint32_t> values(bytes.size() / sizeof(std::uint32_t));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(std::uint32_t));
    return values;
}

}  // namespace wasmax::codegen
