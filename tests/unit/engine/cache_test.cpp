#include "engine/cache.h"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "codegen/compiler.h"
#include "engine/digest.h"

namespace wasmax::engine {
namespace {

TEST(Digest, IsSha256) {
    // FIPS 180-2, B.1
    EXPECT_EQ(to_string(digest_of(std::string_view("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ArtifactKey, DependsOnAllThatTheCodeDependsOn) {
    const Digest module = digest_of(std::string_view("module"));
    const codegen::CompileOptions plain{.cpu = "x86-64-v3"};
    std::set<Digest> keys{artifact_key(module, plain)};
    const auto is_new = [&](const Digest& digest, const codegen::CompileOptions& options) {
        return keys.insert(artifact_key(digest, options)).second;
    };
    EXPECT_FALSE(is_new(module, plain));
    EXPECT_TRUE(is_new(digest_of(std::string_view("another")), plain));
    EXPECT_TRUE(is_new(module, {.tier = codegen::Tier::t0, .cpu = "x86-64-v3"}));
    EXPECT_TRUE(is_new(module, {.cpu = "x86-64-v2"}));
    EXPECT_TRUE(is_new(module, {.cpu = ""}));
    EXPECT_TRUE(is_new(module, {.cpu = "x86-64-v3", .strict = true}));
    codegen::CompileOptions fewer = plain;
    fewer.features.disable(wasm::Feature::bulk_memory);
    EXPECT_TRUE(is_new(module, fewer));
    // The number of threads has no effect on the code.
    EXPECT_FALSE(is_new(module, {.threads = 7, .cpu = "x86-64-v3"}));
}

}  // namespace
}  // namespace wasmax::engine
