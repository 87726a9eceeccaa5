#include "engine/engine.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/artifact_file.h"
#include "engine/cache.h"
#include "engine/compiler.h"
#include "engine/digest.h"
#include "engine/file_identity.h"
#include "engine/module_file.h"
#include "launch/imports.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "wasix/process.h"
#include "wasm/decoder.h"

namespace wasmax::engine {

Result<UniqueFd, Error> compile_module(ByteView binary, const std::string& name,
                                       const LoadOptions& options) {
    const auto module = wasm::decode_module(binary, {.features = options.compile.features});
    if (!module) {
        return fail(Error::invalid(name + ": " + wasm::to_string(module.error())));
    }
    TRY(launch::check_imports(*module, name));
    return compile_in_child(binary, name, options.compile, options.progress);
}

namespace {

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

/// Reads, compiles if it must, and keeps what it finds out.
Result<std::shared_ptr<const runtime::Artifact>, Error> load_through(
    const Cache& cache, const std::string& path, const std::optional<FileIdentity>& file,
    const LoadOptions& options) {
    const ModuleFile module = TRY(ModuleFile::read(path, options.progress));
    const Digest digest = digest_of(module.bytes());
    if (file && FileIdentity::of(path) == file) {
        cache.remember(*file, digest);
    }
    const Digest key = artifact_key(digest, options.compile);
    if (auto artifact = cached(cache, key, path)) {
        return artifact;
    }
    const UniqueFd compiled = TRY(compile_module(module.bytes(), path, options));
    // The file's pages are shared between processes, those of the anonymous one are not.
    const UniqueFd kept = cache.insert(key, compiled.get());
    return runtime::Artifact::map(kept ? kept.get() : compiled.get(), path);
}

}  // namespace

Result<Program, Error> Program::load(const std::string& path, const LoadOptions& options) {
    const Cache* cache = options.cache ? &*options.cache : nullptr;
    if (const std::optional<UniqueFd> artifact = TRY(open_if_artifact(path))) {
        return Program(TRY(map_artifact(artifact->get(), path, cache)));
    }
    if (cache == nullptr) {
        const ModuleFile file = TRY(ModuleFile::read(path, options.progress));
        return compile(file.bytes(), path, options);
    }
    const auto file = FileIdentity::of(path);
    if (const auto digest = file ? cache->recall(*file) : std::nullopt) {
        if (auto artifact = cached(*cache, artifact_key(*digest, options.compile), path)) {
            return Program(std::move(artifact));
        }
    }
    return Program(TRY(load_through(*cache, path, file, options)));
}

Result<Program, Error> Program::compile(ByteView binary, const std::string& name,
                                        const LoadOptions& options) {
    const UniqueFd artifact = TRY(compile_module(binary, name, options));
    return Program(TRY(runtime::Artifact::map(artifact.get(), name)));
}

Result<wasix::Outcome, Error> Program::run(wasix::ProcessOptions options) const {
    return launch::run_guest(artifact_, std::move(options));
}

}  // namespace wasmax::engine
