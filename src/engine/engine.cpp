#include "engine/engine.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "engine/artifact_file.h"
#include "engine/cache.h"
#include "engine/child_task.h"
#include "engine/compiler.h"
#include "engine/digest.h"
#include "engine/environment.h"
#include "engine/file_identity.h"
#include "engine/memory_limit.h"
#include "engine/module_file.h"
#include "engine/upgrade.h"
#include "launch/imports.h"
#include "launch/invocation.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "wasix/outcome.h"
#include "wasix/process.h"
#include "wasm/decoder.h"

namespace wasmax::engine {

namespace {

/// compile_module() with another tier than the options'.
Result<UniqueFd, Error> compile_for(codegen::Tier tier, ByteView binary, const std::string& name,
                                    const LoadOptions& options) {
    const auto module = wasm::decode_module(binary, {.features = options.compile.features});
    if (!module) {
        return fail(Error::invalid(name + ": " + wasm::to_string(module.error())));
    }
    TRY(launch::check_imports(*module, name, options.on_unknown_import));
    codegen::CompileOptions compile = options.compile;
    compile.tier = tier;
    ChildLimits limits = options.limits;
    if (limits.memory.count == 0) {
        limits.memory = default_memory_limit();
    }
    return compile_in_child(binary, name, compile,
                            {.progress = options.progress, .limits = limits});
}

/// Whether a module starts on t0. One that is invalid is said to be so later.
bool is_large(ByteView binary, const LoadOptions& options) {
    const Bytes large = size_variable("WASMAX_LARGE_CODE_KIB", Bytes{kKiB}).value_or(kLargeCode);
    if (!options.large_starts_on_t0 || binary.size() <= large.count) {
        return false;
    }
    const auto module = wasm::decode_module(binary, {.features = options.compile.features});
    if (!module) {
        return false;
    }
    std::uint64_t code_bytes = 0;
    for (const auto& body : module->bodies) {
        code_bytes += body.bytes.size();
    }
    return code_bytes > large.count;
}

/// A miss, and a damaged entry, is null.
std::shared_ptr<const runtime::Artifact> cached(const Cache& cache, const Digest& key,
                                                const std::string& path) {
    const UniqueFd entry = cache.find(key);
    if (!entry) {
        return nullptr;
    }
    auto artifact = map_artifact(entry.get(), path, &cache);
    return artifact ? std::move(artifact).value() : nullptr;
}

/// One program's way through the cache.
class CachedLoad {
public:
    CachedLoad(const Cache& cache, const std::string& path, const LoadOptions& options)
        : cache_(cache), path_(path), options_(options) {}

    /// Compiles if it must, and keeps what it finds out.
    Result<std::shared_ptr<const runtime::Artifact>, Error> load() {
        const auto file = FileIdentity::of(path_);
        if (const auto digest = file ? cache_.recall(*file) : std::nullopt) {
            if (auto artifact = find(*digest)) {
                return artifact;
            }
        }
        const ModuleFile module = TRY(ModuleFile::read(path_, options_.progress));
        const Digest digest = digest_of(module.bytes());
        if (file && FileIdentity::of(path_) == file) {
            cache_.remember(*file, digest);
        }
        if (auto artifact = find(digest)) {
            return artifact;
        }
        return compile(module, digest);
    }

private:
    /// Null if the cache has none that serves.
    [[nodiscard]] std::shared_ptr<const runtime::Artifact> find(const Digest& digest) const {
        auto artifact = cached(cache_, artifact_key(digest, options_.compile), path_);
        if (!artifact && options_.large_starts_on_t0) {
            artifact = cached(cache_, starter_key(digest, options_.compile), path_);
            if (artifact) {
                upgrade(digest);
            }
        }
        return artifact;
    }

    Result<std::shared_ptr<const runtime::Artifact>, Error> compile(const ModuleFile& module,
                                                                    const Digest& digest) const {
        const bool large = is_large(module.bytes(), options_);
        const codegen::Tier tier = large ? codegen::Tier::t0 : options_.compile.tier;
        const UniqueFd compiled = TRY(compile_for(tier, module.bytes(), path_, options_));
        // The file's pages are shared between processes, those of the anonymous one are not.
        const UniqueFd kept = cache_.insert(
            large ? starter_key(digest, options_.compile) : artifact_key(digest, options_.compile),
            compiled.get());
        if (large && kept) {
            upgrade(digest);
        }
        return runtime::Artifact::map(kept ? kept.get() : compiled.get(), path_);
    }

    void upgrade(const Digest& digest) const {
        upgrade_in_background(cache_, {path_, digest, options_.compile});
    }

    const Cache& cache_;
    const std::string& path_;
    const LoadOptions& options_;
};

}  // namespace

Result<UniqueFd, Error> compile_module(ByteView binary, const std::string& name,
                                       const LoadOptions& options) {
    return compile_for(options.compile.tier, binary, name, options);
}

Result<Program, Error> Program::load(const std::string& path, const LoadOptions& options) {
    if (const std::optional<UniqueFd> artifact = TRY(open_if_artifact(path))) {
        return Program(
            TRY(map_artifact(artifact->get(), path, options.cache ? &*options.cache : nullptr)));
    }
    if (options.cache) {
        return Program(TRY(CachedLoad(*options.cache, path, options).load()));
    }
    const ModuleFile file = TRY(ModuleFile::read(path, options.progress));
    return compile(file.bytes(), path, options);
}

Result<Program, Error> Program::compile(ByteView binary, const std::string& name,
                                        const LoadOptions& options) {
    const codegen::Tier tier = is_large(binary, options) ? codegen::Tier::t0 : options.compile.tier;
    const UniqueFd artifact = TRY(compile_for(tier, binary, name, options));
    return Program(TRY(runtime::Artifact::map(artifact.get(), name)));
}

Result<wasix::Outcome, Error> Program::run(wasix::ProcessOptions options,
                                           const launch::GuestLimits& limits) const {
    return launch::run_guest(artifact_, std::move(options), limits);
}

Result<wasix::Outcome, Error> Program::invoke(wasix::ProcessOptions options,
                                              const launch::GuestLimits& limits,
                                              const launch::Invocation& invocation,
                                              std::string& results) const {
    return launch::invoke_guest(artifact_, std::move(options), limits, invocation, results);
}

}  // namespace wasmax::engine
