#pragma once

#include "trace/schema.h"

namespace wasmax::wasix {

/// The rows of syscalls.def and errnos.def as the tracer wants them; calls in the order of
/// SyscallId.
[[nodiscard]] trace::Schema trace_schema();

}  // namespace wasmax::wasix
