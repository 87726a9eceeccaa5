#include "engine/compiler.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "codegen/plugin.h"
#include "engine/child_task.h"
#include "wasm/decoder.h"
#include "wasm/types.h"

namespace wasmax::engine {
namespace {

/// `bin/wasmax` finds `lib/libwasmax_codegen.so` beside its own directory, as installed and as
/// built.
Result<std::string, Error> plugin_path() {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length < 0) {
        return fail(Error::from_errno(errno, "finding the wasmax executable"));
    }
    const std::string_view self(buffer.data(), static_cast<std::size_t>(length));
    const std::string directory(self.substr(0, self.rfind('/')));
    return directory + "/../lib/" + codegen::kPluginFile;
}

std::uint32_t feature_bits(wasm::Features features) {
    std::uint32_t bits = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
        if (features.has(static_cast<wasm::Feature>(bit))) {
            bits |= std::uint32_t{1} << bit;
        }
    }
    return bits;
}

Error error_of(codegen::PluginStatus status, const codegen::PluginError& error,
               const std::string& name) {
    switch (status) {
        case codegen::PluginStatus::module_error:
            return Error::invalid(name + ": " +
                                  wasm::to_string({static_cast<wasm::ModuleError::Kind>(error.kind),
                                                   error.offset, error.message, error.section}));
        case codegen::PluginStatus::error:
            return Error{static_cast<Error::Kind>(error.kind), error.host_errno,
                         name + ": " + error.message};
        case codegen::PluginStatus::ok:
        case codegen::PluginStatus::version_mismatch:
            break;
    }
    return Error::internal(std::string(codegen::kPluginFile) +
                           " is of another version than wasmax: build or install both together");
}

}  // namespace

Result<Compiler, Error> Compiler::load() {
    const std::string path = TRY(plugin_path());
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps the message per thread.
        return fail(Error::internal(std::string("loading the compiler: ") + ::dlerror()));
    }
    void* entry = ::dlsym(library, codegen::kPluginSymbol);
    if (entry == nullptr) {
        return fail(Error::internal(path + " has no " + codegen::kPluginSymbol));
    }
    return Compiler(reinterpret_cast<codegen::PluginCompile>(entry));
}

Result<void, Error> Compiler::compile_to(int output_fd, ByteView module, const std::string& name,
                                         const codegen::CompileOptions& options) const {
    codegen::PluginError error;
    codegen::PluginRequest request;
    request.abi_version = abi::kAbiVersion;
    request.module = module.data();
    request.module_bytes = module.size();
    request.features = feature_bits(options.features);
    request.tier = static_cast<std::uint32_t>(options.tier);
    request.threads = options.threads;
    request.strict = options.strict ? 1 : 0;
    request.cpu = options.cpu.c_str();
    request.output_fd = output_fd;
    request.error = &error;
    const auto status = static_cast<codegen::PluginStatus>(entry_(&request));
    if (status != codegen::PluginStatus::ok) {
        return fail(error_of(status, error, name));
    }
    return {};
}

Result<UniqueFd, Error> Compiler::compile(ByteView module, const std::string& name,
                                          const codegen::CompileOptions& options) const {
    UniqueFd output(::memfd_create("wasmax artifact", MFD_CLOEXEC));
    if (!output) {
        return fail(Error::from_errno(errno, name + ": creating an anonymous file"));
    }
    TRY(compile_to(output.get(), module, name, options));
    return output;
}

Result<UniqueFd, Error> compile_in_child(ByteView module, const std::string& name,
                                         const codegen::CompileOptions& options,
                                         const Progress& progress) {
    return run_in_child({
        .what = "compiling " + name,
        .run = [&](int output) -> Result<void, Error> {
            const Compiler compiler = TRY(Compiler::load());
            return compiler.compile_to(output, module, name, options);
        },
        .progress = progress,
    });
}

}  // namespace wasmax::engine
