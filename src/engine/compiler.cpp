#include "engine/compiler.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "codegen/plugin.h"
#include "engine/child_task.h"
#include "engine/file_identity.h"
#include "engine/installation.h"
#include "engine/shared_page.h"
#include "wasm/decoder.h"

namespace wasmax::engine {
namespace {

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
    const std::string path = TRY(library_path(codegen::kPluginFile));
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
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
    request.features = codegen::feature_bits(options.features);
    request.tier = static_cast<std::uint32_t>(options.tier);
    request.threads = options.threads;
    request.strict = options.strict ? 1 : 0;
    request.cpu = options.cpu.c_str();
    request.progress = options.progress;
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

namespace {

std::optional<double> share_of(const codegen::CompileProgress& progress) {
    const auto total = static_cast<double>(progress.total_bytes.load());
    return total == 0 ? std::nullopt
                      : std::optional(static_cast<double>(progress.done_bytes.load()) / total);
}

}  // namespace

std::string compiler_build() {
    const auto path = library_path(codegen::kPluginFile);
    const auto file = path ? FileIdentity::of(*path) : std::nullopt;
    return file ? std::to_string(file->bytes) + " " + std::to_string(file->modified_ns)
                : std::string();
}

Result<UniqueFd, Error> compile_in_child(ByteView module, const std::string& name,
                                         const codegen::CompileOptions& options,
                                         const ChildOptions& child) {
    const auto shared = TRY(SharedPage<codegen::CompileProgress>::create());
    codegen::CompileOptions shown = options;
    shown.progress = &*shared;
    return run_in_child({
        .what = "compiling " + name,
        .run = [&](int output) -> Result<void, Error> {
            const Compiler compiler = TRY(Compiler::load());
            return compiler.compile_to(output, module, name, shown);
        },
        .tick =
            [&](std::chrono::seconds elapsed) {
                if (child.progress) {
                    child.progress({elapsed, share_of(*shared)});
                }
            },
        .limits = child.limits,
    });
}

}  // namespace wasmax::engine
