#include "codegen/plugin.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "abi/artifact.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "support.h"
#include "wasm/decoder.h"

namespace wasmax::codegen {
namespace {

/// A request for a module, with an output file in memory.
class Plugin : public testing::Test {
protected:
    explicit Plugin() : output_(::memfd_create("artifact", MFD_CLOEXEC)) {}

    PluginRequest request(std::string_view text) {
        module_ = engine::text_to_binary(text, "test").value();
        PluginRequest request;
        request.abi_version = abi::kAbiVersion;
        request.module = module_.data();
        request.module_bytes = module_.size();
        request.features = feature_bits(wasm::Features::supported());
        request.tier = static_cast<std::uint32_t>(Tier::t2);
        request.output_fd = output_.get();
        request.error = &error_;
        return request;
    }
    static PluginStatus run(const PluginRequest& request) {
        return static_cast<PluginStatus>(wasmax_codegen_compile(&request));
    }
    [[nodiscard]] std::vector<std::byte> output() const {
        struct stat status{};
        EXPECT_EQ(::fstat(output_.get(), &status), 0);
        std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
        EXPECT_EQ(::pread(output_.get(), bytes.data(), bytes.size(), 0), status.st_size);
        return bytes;
    }

    UniqueFd output_;
    PluginError error_;
    std::vector<std::byte> module_;
};

constexpr std::string_view kAnswer =
    R"((module (func (export "answer") (result i32) i32.const 42)))";

TEST_F(Plugin, WritesTheArtifactThatTheLibraryReturns) {
    ASSERT_EQ(run(request(kAnswer)), PluginStatus::ok);
    EXPECT_TRUE(output() == compile_text(kAnswer));
}

TEST_F(Plugin, RefusesOtherVersions) {
    PluginRequest other = request(kAnswer);
    other.abi_version += 1;
    EXPECT_EQ(run(other), PluginStatus::version_mismatch);
    other = request(kAnswer);
    other.plugin_version += 1;
    EXPECT_EQ(run(other), PluginStatus::version_mismatch);
    EXPECT_TRUE(output().empty());
}

TEST_F(Plugin, ReportsAnInvalidModule) {
    ASSERT_EQ(run(request("(module (func (result i32) i64.const 1))")), PluginStatus::module_error);
    EXPECT_EQ(static_cast<wasm::ModuleError::Kind>(error_.kind), wasm::ModuleError::Kind::invalid);
    EXPECT_STREQ(error_.section, "function 0");
    EXPECT_TRUE(std::string_view(error_.message).starts_with("type mismatch")) << error_.message;
    EXPECT_GT(error_.offset, 0U);
}

TEST_F(Plugin, ReportsTheErrorOfTheOutput) {
    PluginRequest closed = request(kAnswer);
    closed.output_fd = -1;
    ASSERT_EQ(run(closed), PluginStatus::error);
    EXPECT_EQ(static_cast<Error::Kind>(error_.kind), Error::Kind::host);
    EXPECT_EQ(error_.host_errno, EBADF);
}

TEST_F(Plugin, RefusesAnUnknownTier) {
    PluginRequest unknown = request(kAnswer);
    unknown.tier = 99;
    EXPECT_EQ(run(unknown), PluginStatus::error);
    EXPECT_EQ(static_cast<Error::Kind>(error_.kind), Error::Kind::invalid);
}

}  // namespace
}  // namespace wasmax::codegen
