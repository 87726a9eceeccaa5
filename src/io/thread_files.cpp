#include "io/thread_files.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wasmax::io {

void leave_files_to_others() noexcept {
    // One call: a copy that was made before others are closed would keep them open for a moment.
    constexpr unsigned kFirst = STDERR_FILENO + 1;
    (void)::syscall(SYS_close_range, kFirst, ~0U, CLOSE_RANGE_UNSHARE);
}

}  // namespace wasmax::io
