#pragma once

#include <cstddef>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"

namespace wasmax::io {

/// Each operation is one kernel call, made at once by the calling thread; nothing is allocated.
class DirectBackend final : public Backend {
public:
    /// Ignores SIGPIPE in this process: a write to a pipe nobody reads is then an error like any
    /// other, and only the process as a whole can ask for that.
    DirectBackend();

private:
    Result<std::size_t, HostErrno> attempt(const Operation& operation) override;
};

}  // namespace wasmax::io
