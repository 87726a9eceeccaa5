#pragma once

#include <cstddef>

#include "base/result.h"
#include "io/backend.h"
#include "io/close_log.h"
#include "io/operation.h"

namespace wasmax::io {

/// Gives the kernel less to do where nobody can see the difference: large sets that a thread polls
/// again and again stay in the kernel (PollMirror). All else is done as by DirectBackend. Every
/// descriptor that is polled with a mirror must be closed by Close.
class BatchBackend final : public Backend {
public:
    /// Ignores SIGPIPE in this process, as DirectBackend does.
    BatchBackend();

private:
    Result<std::size_t, HostErrno> attempt(const Operation& operation) override;
    Result<std::size_t, HostErrno> poll(const Poll& poll);

    CloseLog closes_;
};

}  // namespace wasmax::io
