#pragma once

#include <sys/stat.h>
#include <time.h>

#include <array>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

/// What the guest is told about a file. `filetype` may know more than the mode (a socket's type).
[[nodiscard]] Filestat to_filestat(const struct stat& status, Filetype filetype);

/// The file type that st_mode shows; sockets are streams.
[[nodiscard]] Filetype filetype_of(mode_t mode);

/// The same in the layout of wasi_unstable. wasix: 13.2
[[nodiscard]] Snapshot0Filestat to_snapshot0(const Filestat& status);

/// Access and modification times for utimensat(2). Errors: inval (a time is to be both now and
/// `atim` or `mtim`).
[[nodiscard]] Result<std::array<timespec, 2>, Errno> file_times(Timestamp atim, Timestamp mtim,
                                                                Fstflags flags);

}  // namespace wasmax::wasix
