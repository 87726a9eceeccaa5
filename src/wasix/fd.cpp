// Transfers on descriptors.

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/iovec_array.h"
#include "wasix/process.h"
#include "wasix/signals.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

template <class Kind>
Result<Size, Errno> transfer(Caller& caller, const Kind& operation) {
    const auto count = caller.process.io().run(operation);
    if (!count.has_value()) [[unlikely]] {
        return fail(from_host(count.error()));
    }
    return static_cast<Size>(*count);  // the kernel transfers less than 2^31 bytes at once
}

/// Errors: inval (beyond what files can have).
Result<std::int64_t, Errno> file_offset(Filesize offset) {
    if (offset > static_cast<Filesize>(std::numeric_limits<std::int64_t>::max())) {
        return fail(Errno::inval);
    }
    return static_cast<std::int64_t>(offset);
}

/// `host_whence` is SEEK_SET, SEEK_CUR or SEEK_END.
Result<Filesize, Errno> seek(const OpenFile& file, Filedelta offset, int host_whence) {
    const off_t position = ::lseek(file.host_fd(), offset, host_whence);
    if (position < 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return static_cast<Filesize>(position);
}

Result<void, Errno> sync(Caller& caller, Fd fd, Right right, io::SyncScope scope) {
    const FileRef file = TRY(caller.process.files().lookup(fd, right));
    TRY(transfer(caller, io::Sync{file->host_fd(), scope}));
    return {};
}

}  // namespace

Result<Size, Errno> wasi_snapshot_preview1::fd_read(Caller& caller, Fd fd,
                                                    GuestSpan<const Iovec> iovs) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_read));
    IovecArray array;
    const io::Buffers buffers = TRY(array.fill(caller.memory, iovs));
    return transfer(caller, io::Read{file->host_fd(), buffers});
}

Result<Size, Errno> wasi_snapshot_preview1::fd_write(Caller& caller, Fd fd,
                                                     GuestSpan<const Iovec> iovs) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_write));
    IovecArray array;
    const io::Buffers buffers = TRY(array.fill(caller.memory, iovs));
    const auto count = transfer(caller, io::Write{file->host_fd(), buffers});
    if (!count.has_value() && count.error() == Errno::pipe && file->socket() == nullptr)
        [[unlikely]] {
        TRY(caller.process.signals().send_to(caller.thread.tid, Signal{SIGPIPE}));  // wasix: 2.19
    }
    return count;
}

Result<Size, Errno> wasi_snapshot_preview1::fd_pread(Caller& caller, Fd fd,
                                                     GuestSpan<const Iovec> iovs, Filesize offset) {
    const FileRef file =
        TRY(caller.process.files().lookup(fd, Rights(Right::fd_read) | Right::fd_seek));
    IovecArray array;
    const io::Buffers buffers = TRY(array.fill(caller.memory, iovs));
    const std::int64_t position = TRY(file_offset(offset));
    return transfer(caller, io::Read{file->host_fd(), buffers, position});
}

Result<Size, Errno> wasi_snapshot_preview1::fd_pwrite(Caller& caller, Fd fd,
                                                      GuestSpan<const Iovec> iovs,
                                                      Filesize offset) {
    const FileRef file =
        TRY(caller.process.files().lookup(fd, Rights(Right::fd_write) | Right::fd_seek));
    IovecArray array;
    const io::Buffers buffers = TRY(array.fill(caller.memory, iovs));
    const std::int64_t position = TRY(file_offset(offset));
    return transfer(caller, io::Write{file->host_fd(), buffers, position});
}

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
