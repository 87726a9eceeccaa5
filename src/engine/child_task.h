#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace wasmax::engine {

/// Where a task is after a whole number of seconds.
struct ProgressReport {
    std::chrono::seconds elapsed{0};
    std::optional<double> done;  ///< from 0 to 1; nullopt for a task that cannot say
};

/// Called about once a second while a child works.
using Progress = std::function<void(const ProgressReport&)>;

/// What a child may use. Zero: as much as it likes.
struct ChildLimits {
    std::chrono::milliseconds time{0};  ///< by the clock; the child is killed then
    Bytes memory{0};                    ///< writable and private, beyond what it starts with
};

struct ChildTask {
    std::string what;  ///< such as `compiling server.wasm`; begins error messages
    /// Runs in the child. Writes its result to the descriptor. It must not touch anything the
    /// parent relies on; memory it allocates is gone when it returns.
    std::function<Result<void, Error>(int output_fd)> run;
    /// Called about once a second, in the parent, with the time since the start; may be empty.
    std::function<void(std::chrono::seconds)> tick{};
    ChildLimits limits{};
};

/// Runs a task in a forked child and returns an anonymous file (memfd) with what it wrote,
/// positioned at its start. A crash, a kill or a limit is an error that says so, never the end of
/// this process; the child dies with this process.
/// docs/decisions/0003-compile-in-a-child-process.md Threads: the calling process must be
/// single-threaded, because the child allocates memory. Errors: those of the task; internal
/// (crash); limit; host (fork, memfd_create).
[[nodiscard]] Result<UniqueFd, Error> run_in_child(const ChildTask& task);

}  // namespace wasmax::engine
