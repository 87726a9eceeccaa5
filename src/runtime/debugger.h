#pragma once

#include "base/error.h"
#include "base/result.h"
#include "runtime/artifact.h"

namespace wasmax::runtime {

/// Tells a debugger of this process, attached now or later, the names and addresses of the
/// artifact's functions, by the JIT interface of gdb and lldb. `artifact` stays mapped until the
/// process ends, or its addresses are not asked for any more. Costs memory for every name.
/// Threads: one at a time. gdb: JIT Interface
void describe_to_debugger(const Artifact& artifact);

/// Whether a debugger traces this process now. linux: proc(5), TracerPid
[[nodiscard]] bool is_debugged();

/// Writes the same as `/tmp/perf-PID.map`, which `perf report` reads for code that is in no file.
/// Errors: host. linux: perf-report(1)
[[nodiscard]] Result<void, Error> write_perf_map(const Artifact& artifact);

}  // namespace wasmax::runtime
