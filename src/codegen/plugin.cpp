#include "codegen/plugin.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <llvm/Support/ErrorHandling.h>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "wasm/decoder.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

wasm::Features features_from(std::uint32_t bits) {
    wasm::Features features;
    for (unsigned n = 0; n < 32; ++n) {
        if ((bits >> n & 1U) != 0) {
            features.enable(static_cast<wasm::Feature>(n));
        }
    }
    return features;
}

template <std::size_t kSize>
void copy_text(char (&out)[kSize], std::string_view text) {
    const std::size_t bytes = std::min(text.size(), kSize - 1);
    std::memcpy(out, text.data(), bytes);
    out[bytes] = '\0';
}

PluginStatus report(const PluginRequest& request, const CompileError& error) {
    PluginError& out = *request.error;
    if (const auto* invalid = std::get_if<wasm::ModuleError>(&error)) {
        out.kind = static_cast<std::uint32_t>(invalid->kind);
        out.offset = invalid->offset;
        copy_text(out.section, invalid->section);
        copy_text(out.message, invalid->message);
        return PluginStatus::module_error;
    }
    const auto& ours = std::get<Error>(error);
    out.kind = static_cast<std::uint32_t>(ours.kind);
    out.host_errno = ours.host_errno;
    copy_text(out.message, ours.message);
    return PluginStatus::error;
}

Result<void, Error> write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            const int host_errno = errno;
            if (host_errno == EINTR) {
                continue;
            }
            return fail(Error::from_errno(host_errno, "writing the artifact"));
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void, CompileError> run(const PluginRequest& request) {
    if (request.tier > static_cast<std::uint32_t>(Tier::t3)) {
        return fail(CompileError(Error::invalid("unknown tier")));
    }
    const wasm::Features features = features_from(request.features);
    auto module =
        wasm::decode_module({request.module, request.module_bytes}, {.features = features});
    if (!module) {
        return fail(CompileError(std::move(module).error()));
    }
    const std::vector<std::byte> artifact =
        TRY(compile(*module, {.features = features,
                              .tier = static_cast<Tier>(request.tier),
                              .threads = request.threads,
                              .cpu = request.cpu,
                              .strict = request.strict != 0,
                              .progress = request.progress}));
    auto written = write_all(request.output_fd, artifact);
    if (!written) {
        return fail(CompileError(std::move(written).error()));
    }
    return {};
}

/// LLVM's allocations end as `operator new` does: as the process that loaded us decided.
void install_out_of_memory_handler() {
    static const bool installed = [] {
        llvm::install_bad_alloc_error_handler(
            [](void* /*unused*/, const char* /*reason*/, bool /*dump*/) {
                if (const std::new_handler handler = std::get_new_handler()) {
                    handler();
                }
            });
        return true;
    }();
    static_cast<void>(installed);
}

}  // namespace
}  // namespace wasmax::codegen

[[gnu::visibility("default")]] int wasmax_codegen_compile(
    const wasmax::codegen::PluginRequest* request) {
    using wasmax::codegen::PluginStatus;
    const auto status = [&] {
        if (request->plugin_version != wasmax::codegen::kPluginVersion ||
            request->abi_version != wasmax::abi::kAbiVersion) {
            return PluginStatus::version_mismatch;
        }
        wasmax::codegen::install_out_of_memory_handler();
        const auto result = wasmax::codegen::run(*request);
        return result ? PluginStatus::ok : wasmax::codegen::report(*request, result.error());
    };
    return static_cast<int>(status());
}
