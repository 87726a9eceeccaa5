#pragma once

namespace wasmax::io {

/// Takes all descriptors from the calling thread but 0, 1 and 2: a table of its own, which has no
/// other. For threads that only keep time. While two threads share a table, the kernel counts
/// itself as a file's user in every call and locks its position: 75 to 90 ns of a read that took
/// 280 (decisions 0016). Where the kernel cannot, the thread keeps sharing. linux: close_range(2),
/// CLOSE_RANGE_UNSHARE
void leave_files_to_others() noexcept;

}  // namespace wasmax::io
