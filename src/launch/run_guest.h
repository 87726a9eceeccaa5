#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "io/backend.h"
#include "launch/grants.h"
#include "launch/invocation.h"
#include "runtime/artifact.h"
#include "trace/target.h"
#include "wasix/process.h"
#include "wasix/unknown_imports.h"

namespace wasmax::launch {

/// Exit codes of the host process; a guest's own code is passed through.
inline constexpr int kExitFailure = 1;  ///< it could not be done; a sentence is on stderr
inline constexpr int kExitUsage = 2;    ///< the command line is wrong
inline constexpr int kExitTrap = 134;  ///< the guest trapped: 128 + SIGABRT, as a crash of a native

/// What a guest may use of the host process.
struct GuestLimits {
    /// From the start of run_guest(); 0: none. Then every thread of the guest is stopped, wherever
    /// it is, and the outcome is the trap `interrupted`.
    std::chrono::milliseconds time{0};
    /// No memory grows beyond it; 0: the most there is.
    Bytes memory{0};
    /// Takes from this process, for good, what the guest was not granted: confine(). For processes
    /// that do nothing else.
    bool confines_host = false;
    /// Runs the guest's transfers by io::BatchBackend, else by io::DirectBackend.
    bool batches_io = true;
    /// What runs them instead, and outlives the guest; null: nothing. For tests.
    io::Backend* io = nullptr;
};

/// Where a tracer finds this process: for ProcessOptions::trace. Errors: host.
[[nodiscard]] Result<std::unique_ptr<trace::Target>, Error> make_trace_target();

/// Instantiates `artifact` and runs `_start` on the calling thread until the guest ends.
/// Errors: host (a directory, no address space), invalid (no `_start`, imports of the wrong type),
/// limit. A trap is an outcome, not an error. Without `options.trace` it makes one, so that every
/// guest can be traced.
[[nodiscard]] Result<wasix::Outcome, Error> run_guest(
    std::shared_ptr<const runtime::Artifact> artifact, wasix::ProcessOptions options,
    const GuestLimits& limits = {});

/// The same for a function instead of `_start`; `results` is set if it returned (to_lines()).
/// Errors also: invalid (no such function; as read_arguments()).
[[nodiscard]] Result<wasix::Outcome, Error> invoke_guest(
    const std::shared_ptr<const runtime::Artifact>& artifact, wasix::ProcessOptions options,
    const GuestLimits& limits, const Invocation& invocation, std::string& results);

/// Whether run_guest() would get as far as the guest's code: reads all of the artifact, binds its
/// imports and looks for `_start`. Runs none of it. Errors: invalid, host, limit.
[[nodiscard]] Result<void, Error> check_guest(
    const runtime::Artifact& artifact,
    wasix::OnUnknownImport on_unknown = wasix::OnUnknownImport::refuse);

/// The exit code of a host process whose guest ended so; reports a trap or the error.
[[nodiscard]] int exit_code(const Result<wasix::Outcome, Error>& outcome, const Frontend& frontend);

/// From now on signals of this process go to the guest that run_guest() runs, if it takes any.
/// Otherwise SIGINT, SIGTERM and SIGHUP end the guest, and exit_code() is 128 + n, as a shell
/// reports a signal; a second one ends this process at once, as does the first if no guest runs.
/// Others do what they do to any process. Those it was started to ignore stay ignored, but for
/// SIGINT and SIGTERM. Threads: at start only.
void handle_signals();

}  // namespace wasmax::launch
