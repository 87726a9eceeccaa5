#pragma once

#include <cstddef>
#include <cstdint>

#include "codegen/compiler.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// Changes with any change of PluginRequest.
inline constexpr std::uint32_t kPluginVersion = 2;

/// The file of the shared library and the name of its only symbol, of type PluginCompile.
inline constexpr const char* kPluginFile = "libwasmax_codegen.so";
inline constexpr const char* kPluginSymbol = "wasmax_codegen_compile";

enum class PluginStatus : std::int32_t {
    ok = 0,
    version_mismatch = 1,  ///< plugin_version or abi_version is not the library's
    module_error = 2,      ///< error_kind is a wasm::ModuleError::Kind
    error = 3,             ///< error_kind is an Error::Kind, error_errno its host_errno
};

/// What went wrong, filled by the library unless the status is ok.
struct PluginError {
    std::uint32_t kind = 0;
    std::int32_t host_errno = 0;
    std::uint64_t offset = 0;  ///< of a module error, from the start of the module
    char section[64] = {};     ///< of a module error; NUL-terminated, cut if longer
    char message[1024] = {};   ///< NUL-terminated, cut if longer
};

/// One compilation. The caller owns everything it points to. Enumerators travel as integers,
/// because the library may come from another build until its versions are checked.
struct PluginRequest {
    std::uint32_t plugin_version = kPluginVersion;
    std::uint32_t abi_version = 0;  ///< abi::kAbiVersion of the caller
    const std::byte* module = nullptr;
    std::uint64_t module_bytes = 0;
    std::uint32_t features = 0;           ///< see feature_bits()
    std::uint32_t tier = 0;               ///< a Tier
    std::uint32_t threads = 0;            ///< as CompileOptions::threads
    std::uint32_t strict = 0;             ///< 0 or 1
    const char* cpu = "";                 ///< NUL-terminated; empty: this host
    CompileProgress* progress = nullptr;  ///< may be null
    int output_fd = -1;  ///< open for writing; the artifact goes here, from its position on
    PluginError* error = nullptr;
};

/// Bit n of the result: wasm::Feature n is enabled.
[[nodiscard]] constexpr std::uint32_t feature_bits(wasm::Features features) {
    std::uint32_t bits = 0;
    for (unsigned n = 0; n < 32; ++n) {
        if (features.has(static_cast<wasm::Feature>(n))) {
            bits |= std::uint32_t{1} << n;
        }
    }
    return bits;
}

/// Compiles one module. Returns a PluginStatus. The library keeps no state that a later call sees;
/// calls may come from several threads.
using PluginCompile = int (*)(const PluginRequest*);

}  // namespace wasmax::codegen

extern "C" int wasmax_codegen_compile(const wasmax::codegen::PluginRequest* request);
