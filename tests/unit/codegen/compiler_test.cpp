#include "codegen/compiler.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support.h"
#include "wasm/decoder.h"

namespace wasmax::codegen {
namespace {

using testing::HasSubstr;

/// `count` functions of `terms` additions each; function `invalid` returns a float for an integer.
std::string many_functions(int count, int terms, int invalid = -1) {
    std::string text = "(module (memory 1)";
    for (int function = 0; function < count; ++function) {
        text += "(func $f" + std::to_string(function) + " (param i32) (result i32) ";
        text += function == invalid ? "f32.const 0 " : "local.get 0 ";
        for (int term = 0; term < terms; ++term) {
            text += "local.get 0 i32.load offset=" + std::to_string(term) + " i32.add ";
        }
        if (function > 0) {
            text += "call $f" + std::to_string(function - 1);
        }
        text += ")";
    }
    return text + ")";
}

TEST(Compile, AnyNumberOfThreadsGivesTheSameArtifact) {
    const TextModule module(many_functions(120, 200));  // several partitions
    for (const Tier tier : kTiers) {
        std::vector<std::byte> expected;
        for (const unsigned threads : {1U, 2U, 4U}) {
            auto artifact = compile(*module, {.tier = tier, .threads = threads});
            ASSERT_TRUE(artifact.has_value()) << to_string(artifact.error());
            if (expected.empty()) {
                expected = *artifact;
            }
            EXPECT_TRUE(*artifact == expected) << threads << " threads";
        }
    }
}

TEST(Compile, AnInvalidBodyIsAModuleErrorWithItsOffset) {
    const TextModule module("(module (func nop) (func (result i32) f32.const 1))");
    const auto result = compile(*module, {});
    ASSERT_FALSE(result.has_value());
    const auto* error = std::get_if<wasm::ModuleError>(&result.error());
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->kind, wasm::ModuleError::Kind::invalid);
    EXPECT_THAT(error->message, HasSubstr("type mismatch"));
    // The offset of `end`: one byte of locals and five of f32.const before it.
    EXPECT_EQ(error->offset, module->bodies[1].offset + 6);
}

TEST(Compile, TheInvalidBodyWithTheLowestIndexIsReported) {
    const TextModule first(many_functions(120, 200, 30));
    const auto alone = compile(*first, {.tier = Tier::t0, .threads = 1});
    ASSERT_FALSE(alone.has_value());
    for (const unsigned threads : {1U, 2U, 4U}) {
        const auto result = compile(*first, {.tier = Tier::t0, .threads = threads});
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(to_string(result.error()), to_string(alone.error()));
    }
    EXPECT_THAT(to_string(alone.error()), HasSubstr("function 30"));
}

TEST(Compile, AnUnknownOrOldCpuIsUnsupported) {
    const TextModule module("(module)");
    for (const char* cpu : {"pdp-11", "x86-64"}) {
        const auto result = compile(*module, {.cpu = cpu});
        ASSERT_FALSE(result.has_value()) << cpu;
        const auto* error = std::get_if<Error>(&result.error());
        ASSERT_NE(error, nullptr) << cpu;
        EXPECT_EQ(error->kind, Error::Kind::unsupported);
        EXPECT_THAT(error->message, HasSubstr(cpu));
    }
}

TEST(Compile, EveryTierAcceptsAGiantFunction) {
    const std::string text = many_functions(1, 12'000);  // 60 KB of code in one function
    for (const Tier tier : {Tier::t0, Tier::t2}) {
        EXPECT_FALSE(compile_text(text, {.tier = tier}).empty());
    }
}

TEST(Compile, UnusedLocalsCostNothing) {
    std::string locals;
    for (int local = 0; local < 50'000; ++local) {
        locals += "i64 ";
    }
    const TextModule one("(module (func (local " + locals + ")))");
    for (const Tier tier : kTiers) {
        const auto artifact = compile(*one, {.tier = tier, .threads = 1});
        ASSERT_TRUE(artifact.has_value()) << to_string(artifact.error());
        EXPECT_LT(artifact->size(), 16'384U);  // no code that clears them
    }
}

TEST(Compile, DeepNestingDoesNotExhaustTheStack) {
    std::string text = "(module (func (param i32)";
    constexpr int kDepth = 2'000;
    for (int depth = 0; depth < kDepth; ++depth) {
        text += " block local.get 0 br_if 0";
    }
    for (int depth = 0; depth < kDepth; ++depth) {
        text += " end";
    }
    for (const Tier tier : kTiers) {
        EXPECT_FALSE(compile_text(text + "))", {.tier = tier}).empty());
    }
}

TEST(Compile, HostFunctionsHaveOneResultAtMost) {
    const TextModule module(R"((module (import "wasix_32v1" "fd_pair" (func (result i32 i32)))))");
    const auto result = compile(*module, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(to_string(result.error()), HasSubstr("wasix_32v1.fd_pair"));
}

}  // namespace
}  // namespace wasmax::codegen
