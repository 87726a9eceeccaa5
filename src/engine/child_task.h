#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace wasmax::engine {

/// Called about once a second while a child works, with the time it has taken so far.
using Progress = std::function<void(std::chrono::seconds)>;

struct ChildTask {
    std::string what;  ///< such as `compiling server.wasm`; begins error messages
    /// Runs in the child. Writes its result to the descriptor. It must not touch anything the
    /// parent relies on; memory it allocates is gone when it returns.
    std::function<Result<void, Error>(int output_fd)> run;
    Progress progress;                   ///< may be empty
    std::chrono::seconds time_limit{0};  ///< 0: none. The child is killed then
};

/// Runs a task in a forked child and returns an anonymous file (memfd) with what it wrote,
/// positioned at its start. A crash, a kill or the time limit is an error that says so, never the
/// end of this process; the child dies with this process.
/// docs/decisions/0003-compile-in-a-child-process.md Threads: the calling process must be
/// single-threaded, because the child allocates memory. Errors: those of the task; internal
/// (crash); limit (time); host (fork, memfd_create).
[[nodiscard]] Result<UniqueFd, Error> run_in_child(const ChildTask& task);

}  // namespace wasmax::engine
