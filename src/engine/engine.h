#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "engine/cache.h"
#include "engine/child_task.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "wasix/process.h"
#include "wasix/unknown_imports.h"

namespace wasmax::engine {

/// Modules with more code start on t0 if LoadOptions say so: t2 takes 12 s of CPU time per MB. The
/// environment variable WASMAX_LARGE_CODE_KIB says another number.
inline constexpr Bytes kLargeCode{2 * kMiB};

struct LoadOptions {
    codegen::CompileOptions compile;
    /// What has more code than kLargeCode is compiled for t0, unless the cache has its artifact for
    /// `compile.tier`; with a cache, that one is made in the background for later runs. For
    /// programs whose user waits for them and named no tier.
    bool large_starts_on_t0 = false;
    Progress progress;             ///< while text is read or code compiled; may be empty
    ChildLimits limits{};          ///< of compiling; memory 0: default_memory_limit()
    std::optional<Cache> cache{};  ///< of compiled modules; without one every load compiles
    /// As the process's that will run it.
    wasix::OnUnknownImport on_unknown_import = wasix::OnUnknownImport::refuse;
};

/// A guest program, compiled and mapped: the embedding API. It can be run any number of times, each
/// time as a fresh process with its own memory. Immutable.
///
///     const auto program = engine::Program::load("server.wasm", {.cache = engine::Cache::open()});
///     const auto outcome = program->run({.args = {"server"}, .network = wasix::Network::all});
class Program {
public:
    /// Maps an artifact, or reads a module in either format, checks that every import is known,
    /// compiles it in a child process and maps the result; or takes the result from the cache,
    /// without a child. What the file is shows from its contents.
    /// Threads: the process must be single-threaded (child_task.h).
    /// Errors: host (the file), invalid (the module, or its imports: all that are unknown, each
    /// with the nearest known name; a damaged artifact), unsupported (also an artifact of another
    /// version or for another CPU), limit, internal (the compiler crashed). Never those of the
    /// cache, which is done without if it does not work.
    [[nodiscard]] static Result<Program, Error> load(const std::string& path,
                                                     const LoadOptions& options = {});
    /// The same for a module's binary, without a cache. `name` is for messages and backtraces.
    [[nodiscard]] static Result<Program, Error> compile(ByteView binary, const std::string& name,
                                                        const LoadOptions& options = {});

    /// Instantiates the program and runs `_start` on the calling thread until the guest ends.
    /// Errors: host (a directory, no address space), invalid (no `_start`, imports of the wrong
    /// type), limit. A trap is an outcome, not an error.
    [[nodiscard]] Result<wasix::Outcome, Error> run(wasix::ProcessOptions options,
                                                    const launch::GuestLimits& limits = {}) const;
    /// The same for a function instead of `_start`: as launch::invoke_guest().
    [[nodiscard]] Result<wasix::Outcome, Error> invoke(wasix::ProcessOptions options,
                                                       const launch::GuestLimits& limits,
                                                       const launch::Invocation& invocation,
                                                       std::string& results) const;

    [[nodiscard]] const runtime::Artifact& artifact() const { return *artifact_; }

private:
    explicit Program(std::shared_ptr<const runtime::Artifact> artifact)
        : artifact_(std::move(artifact)) {}

    std::shared_ptr<const runtime::Artifact> artifact_;
};

/// Checks and compiles a module's binary for Program::compile and for files. Returns a memfd with
/// the artifact. Errors: as Program::compile.
[[nodiscard]] Result<UniqueFd, Error> compile_module(ByteView binary, const std::string& name,
                                                     const LoadOptions& options);

}  // namespace wasmax::engine
