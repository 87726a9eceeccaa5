#pragma once

#include "base/error.h"
#include "base/result.h"

namespace wasmax::runtime {

/// Gives the calling thread an alternate signal stack until it ends, unless it has one that is
/// large enough. Without one, a stack overflow could not be handled. Errors: host. linux:
/// sigaltstack(2)
[[nodiscard]] Result<void, Error> ensure_signal_stack();

}  // namespace wasmax::runtime
