// Transfers on descriptors.

#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <limits>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/fused_entries.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/guest_buffers.h"
#include "wasix/process.h"
#include "wasix/signals.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

template <class Kind>
[[gnu::always_inline]] inline Result<Size, Errno> transfer(io::Backend& io, const Kind& operation) {
    const auto count = io.run(operation);
    if (!count.has_value()) [[unlikely]] {
        return fail(from_host(count.error()));
    }
    return static_cast<Size>(*count);  // the kernel transfers less than 2^31 bytes at once
}

/// Read or Write at the file's position, which moves on.
template <class Kind>
[[gnu::always_inline]] inline Result<Size, Errno> transfer_at_position(
    Caller& caller, OpenFile& file, GuestSpan<const Iovec> iovs) {
    return with_buffers(
        caller, iovs,
        [&io = caller.process.io(), &file](io::Buffers buffers) __attribute__((always_inline)) {
            const std::int64_t position = file.position();
            if (position == io::kFilePosition) [[unlikely]] {
                return transfer(io, Kind{file.host_fd(), buffers});
            }
            const auto count = transfer(io, Kind{file.host_fd(), buffers, position});
            if (count.has_value()) [[likely]] {
                file.advance(position, *count);
            }
            return count;
        });
}

/// Read or Write anywhere else.
template <class Kind>
[[gnu::always_inline]] inline Result<Size, Errno> transfer_at(Caller& caller, const OpenFile& file,
                                                              GuestSpan<const Iovec> iovs,
                                                              std::int64_t position) {
    return with_buffers(
        caller, iovs,
        [&io = caller.process.io(), fd = file.host_fd(), position](io::Buffers buffers)
            __attribute__((always_inline)) { return transfer(io, Kind{fd, buffers, position}); });
}

/// Errors: inval (beyond what files can have).
Result<std::int64_t, Errno> file_offset(Filesize offset) {
    if (offset > static_cast<Filesize>(std::numeric_limits<std::int64_t>::max())) {
        return fail(Errno::inval);
    }
    return static_cast<std::int64_t>(offset);
}

/// `host_whence` is SEEK_SET, SEEK_CUR or SEEK_END.
Result<Filesize, Errno> seek(OpenFile& file, Filedelta offset, int host_whence) {
    const auto position = file.seek(offset, host_whence);
    if (!position.has_value()) {
        return fail(from_host(position.error()));
    }
    return *position;
}

Result<void, Errno> sync(Caller& caller, Fd fd, Right right, io::SyncScope scope) {
    const FileRef file = TRY(caller.process.files().lookup(fd, right));
    TRY(transfer(caller.process.io(), io::Sync{file->host_fd(), scope}));
    return {};
}

}  // namespace

[[gnu::always_inline]] Result<Size, Errno> wasi_snapshot_preview1::fd_read(
    Caller& caller, Fd fd, GuestSpan<const Iovec> iovs) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_read));
    return transfer_at_position<io::Read>(caller, *file, iovs);
}

[[gnu::always_inline]] Result<Size, Errno> wasi_snapshot_preview1::fd_write(
    Caller& caller, Fd fd, GuestSpan<const Iovec> iovs) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_write));
    const auto count = transfer_at_position<io::Write>(caller, *file, iovs);
    if (!count.has_value() && count.error() == Errno::pipe && file->socket() == nullptr)
        [[unlikely]] {
        TRY(caller.process.signals().send_to(caller.thread.tid, Signal{SIGPIPE}));  // wasix: 2.19
    }
    return count;
}

[[gnu::always_inline]] Result<Size, Errno> wasi_snapshot_preview1::fd_pread(
    Caller& caller, Fd fd, GuestSpan<const Iovec> iovs, Filesize offset) {
    const FileRef file =
        TRY(caller.process.files().lookup(fd, Rights(Right::fd_read) | Right::fd_seek));
    const std::int64_t position = TRY(file_offset(offset));
    return transfer_at<io::Read>(caller, *file, iovs, position);
}

[[gnu::always_inline]] Result<Size, Errno> wasi_snapshot_preview1::fd_pwrite(
    Caller& caller, Fd fd, GuestSpan<const Iovec> iovs, Filesize offset) {
    const FileRef file =
        TRY(caller.process.files().lookup(fd, Rights(Right::fd_write) | Right::fd_seek));
    const std::int64_t position = TRY(file_offset(offset));
    return transfer_at<io::Write>(caller, *file, iovs, position);
}

WASIX_FUSE(wasi_snapshot_preview1, fd_read)
WASIX_FUSE(wasi_snapshot_preview1, fd_write)
WASIX_FUSE(wasi_snapshot_preview1, fd_pread)
WASIX_FUSE(wasi_snapshot_preview1, fd_pwrite)

Result<Filesize, Errno> wasi_snapshot_preview1::fd_seek(Caller& caller, Fd fd, Filedelta offset,
                                                        Whence whence) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_seek));
    switch (whence) {
        case Whence::set:
            return seek(*file, offset, SEEK_SET);
        case Whence::cur:
            return seek(*file, offset, SEEK_CUR);
        case Whence::end:
            return seek(*file, offset, SEEK_END);
    }
    return fail(Errno::inval);
}

Result<Filesize, Errno> wasi_unstable::fd_seek(Caller& caller, Fd fd, Filedelta offset,
                                               Snapshot0Whence whence) {
    switch (whence) {
        case Snapshot0Whence::set:
            return wasi_snapshot_preview1::fd_seek(caller, fd, offset, Whence::set);
        case Snapshot0Whence::cur:
            return wasi_snapshot_preview1::fd_seek(caller, fd, offset, Whence::cur);
        case Snapshot0Whence::end:
            return wasi_snapshot_preview1::fd_seek(caller, fd, offset, Whence::end);
    }
    return fail(Errno::inval);
}

Result<Filesize, Errno> wasi_snapshot_preview1::fd_tell(Caller& caller, Fd fd) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_tell));
    return seek(*file, 0, SEEK_CUR);
}

Result<void, Errno> wasi_snapshot_preview1::fd_sync(Caller& caller, Fd fd) {
    return sync(caller, fd, Right::fd_sync, io::SyncScope::data_and_metadata);
}

Result<void, Errno> wasi_snapshot_preview1::fd_datasync(Caller& caller, Fd fd) {
    return sync(caller, fd, Right::fd_datasync, io::SyncScope::data);
}

}  // namespace wasmax::wasix
