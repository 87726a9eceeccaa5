#pragma once

#include "base/units.h"

namespace wasmax::engine {

/// What a child may allocate when nobody says: three quarters of the memory that is free on this
/// machine and left in this process's cgroup, so that it fails with an error before the kernel
/// kills somebody. At least 128 MiB. linux: proc(5), cgroups(7)
[[nodiscard]] Bytes default_memory_limit();

}  // namespace wasmax::engine
