#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "wasix/process.h"
#include "wasm/module.h"

namespace wasmax::launch {

/// What a guest's host process still needs of the kernel once the guest runs. docs/confinement.md
struct Confinement {
    bool network = false;       ///< sockets that reach further than this process
    bool unix_sockets = false;  ///< also such, which can be named outside of the directories
    bool interfaces = false;    ///< asking the kernel which network interfaces there are
    bool names = false;         ///< reading what name resolution is configured with
    /// Other programs are compiled and run: only what no program needs can be kept from it.
    bool programs = false;
    std::vector<wasix::Preopen> directories;
    wasix::ResolverFiles resolver;
};

/// What `options` grant and `module` can make use of: an import it does not have is not granted.
[[nodiscard]] Confinement confinement_of(const wasm::Module& module,
                                         const wasix::ProcessOptions& options);

/// Takes everything else from the calling thread and all threads it starts, for good: files with
/// Landlock, system calls with seccomp. A call that is not allowed fails with EPERM. What the
/// kernel does not offer is left out, and so is everything in builds with sanitizers, which need
/// more than the guest. Files that are open stay open.
/// Errors: host (a directory cannot be opened, or the kernel refuses a filter it knows).
[[nodiscard]] Result<void, Error> confine(const Confinement& confinement);

}  // namespace wasmax::launch
