#pragma once

#include "base/error.h"
#include "base/result.h"
#include "launch/confinement.h"

namespace wasmax::launch {

/// The part of confine() that seccomp does. Errors: host.
[[nodiscard]] Result<void, Error> filter_system_calls(const Confinement& confinement);

}  // namespace wasmax::launch
