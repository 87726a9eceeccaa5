// Descriptors: closing, duplicating, preopens, and new ones that are no files.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "io/backend.h"
#include "wasix/dialect.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// What a duplicate stands for: the same file and rights, but never a preopen. wasix: 2.6, 2.7
Descriptor duplicate_of(const Descriptor& original, FdflagsExt flags) {
    Descriptor copy = original;
    copy.flags = flags;
    copy.preopen = nullptr;
    return copy;
}

/// A new descriptor for `fd`, just made.
Result<Fd, Errno> add(Caller& caller, UniqueFd fd) {
    auto file = OpenFile::adopt(std::move(fd), caller.process.io());
    if (!file.has_value()) {
        return fail(from_host(file.error()));
    }
    return caller.process.add_file(std::move(file).value());
}

Result<std::shared_ptr<const std::string>, Errno> preopen_name(Caller& caller, Fd fd) {
    const Descriptor descriptor = TRY(caller.process.files().get(fd));
    if (descriptor.preopen == nullptr) {
        return fail(Errno::badf);  // ends the guest's search. wasix: 2.2
    }
    return descriptor.preopen;
}

}  // namespace

/// An error of a last flush is not reported. A preopened directory stays, but for plain WASI, whose
/// guests do not close what they still need. wasix: 2.8
Result<void, Errno> wasi_snapshot_preview1::fd_close(Caller& caller, Fd fd) {
    const Descriptor closed = TRY(caller.process.files().close(fd));
    if (closed.file == nullptr && is_plain_wasi(caller)) [[unlikely]] {
        TRY(caller.process.files().close_any(fd));
    }
    return {};
}

/// As dup2: `fd` stays open, `to` is closed first if it is. wasix: 2.6
/// Of plain WASI it moves `fd` to a number that must be open.
Result<void, Errno> wasi_snapshot_preview1::fd_renumber(Caller& caller, Fd fd, Fd to) {
    FileTable& files = caller.process.files();
    const Descriptor original = TRY(files.get(fd));
    const bool moves = is_plain_wasi(caller);
    if (moves) {
        TRY(files.get(to));
    }
    if (fd == to) {
        return {};
    }
    TRY(files.replace(to, duplicate_of(original, {})));
    if (moves) {
        TRY(files.close_any(fd));
    }
    return {};
}

Result<Fd, Errno> wasix_32v1::fd_dup(Caller& caller, Fd fd) {
    const Descriptor original = TRY(caller.process.files().get(fd));
    return caller.process.files().insert(duplicate_of(original, {}));
}

Result<Fd, Errno> wasix_32v1::fd_dup2(Caller& caller, Fd fd, Fd min_result_fd, Bool cloexec) {
    const Descriptor original = TRY(caller.process.files().get(fd));
    const FdflagsExt flags = cloexec == Bool::false_ ? FdflagsExt() : FdflagExt::cloexec;
    return caller.process.files().insert(duplicate_of(original, flags), min_result_fd);
}

Result<FdflagsExt, Errno> wasix_32v1::fd_fdflags_get(Caller& caller, Fd fd) {
    const Descriptor descriptor = TRY(caller.process.files().get(fd));
    return descriptor.flags;
}

Result<void, Errno> wasix_32v1::fd_fdflags_set(Caller& caller, Fd fd, FdflagsExt flags) {
    return caller.process.files().set_flags(fd, flags & FdflagExt::cloexec);
}

Result<Prestat, Errno> wasi_snapshot_preview1::fd_prestat_get(Caller& caller, Fd fd) {
    const auto name = TRY(preopen_name(caller, fd));
    Prestat prestat;
    prestat.name_len = static_cast<Size>(name->size());
    return prestat;
}

/// Without NUL, and cut if it does not fit, which is an error in plain WASI. wasix: 2.3
Result<void, Errno> wasi_snapshot_preview1::fd_prestat_dir_name(Caller& caller, Fd fd,
                                                                GuestBuffer path) {
    const MutableByteView bytes = TRY(caller.memory.writable(path));
    const auto name = TRY(preopen_name(caller, fd));
    if (bytes.size() < name->size() && is_plain_wasi(caller)) {
        return fail(Errno::nametoolong);
    }
    const std::size_t count = std::min(bytes.size(), name->size());
    if (count != 0) {
        std::memcpy(bytes.data(), name->data(), count);
    }
    return {};
}

Result<std::tuple<Fd, Fd>, Errno> wasix_32v1::fd_pipe(Caller& caller) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const Fd reader = TRY(add(caller, std::move(read_end)));
    const auto writer = add(caller, std::move(write_end));
    if (!writer.has_value()) {
        TRY(caller.process.files().close(reader));
        return fail(writer.error());
    }
    return std::tuple(reader, *writer);
}

/// linux: eventfd(2)
Result<Fd, Errno> wasix_32v1::fd_event(Caller& caller, std::uint64_t initial_val,
                                       Eventfdflags flags) {
    if (initial_val > std::numeric_limits<unsigned>::max()) {
        return fail(Errno::inval);
    }
    const int host_flags = EFD_CLOEXEC | (flags.has(Eventfdflag::semaphore) ? EFD_SEMAPHORE : 0) |
                           (flags.has(Eventfdflag::nonblock) ? EFD_NONBLOCK : 0);
    UniqueFd event(::eventfd(static_cast<unsigned>(initial_val), host_flags));
    if (!event) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return caller.process.add_file(OpenFile::make_counter(std::move(event), caller.process.io(),
                                                          flags.has(Eventfdflag::nonblock)));
}

}  // namespace wasmax::wasix
