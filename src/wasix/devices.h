#pragma once

#include <optional>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/path_resolve.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// What `location` names if that is one of the guest's devices: HostDevices, `/dev/stdin`,
/// `stdout`, `stderr` and `fd/N`, which are the guest's descriptors, and `/dev/tty`, the first of
/// these that is a terminal. nullopt: it is none, or a file of the directory. Errors: badf (no such
/// descriptor), nxio (there is no terminal), and those of OpenFile::adopt().
[[nodiscard]] Result<std::optional<Descriptor>, Errno> device_at(Caller& caller,
                                                                 const Location& location);

}  // namespace wasmax::wasix
