// What descriptors and their files are: status, flags, rights, size, times, advice.

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "base/result.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "wasix/errnos.h"
#include "wasix/file_status.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr Timestamp kSecond_ns = 1'000'000'000;

Timestamp nanoseconds(const timespec& time) {
    return static_cast<Timestamp>(time.tv_sec) * kSecond_ns + static_cast<Timestamp>(time.tv_nsec);
}

Result<int, Errno> host_flags(const OpenFile& file) {
    const int flags = ::fcntl(file.host_fd(), F_GETFL);
    if (flags < 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return flags;
}

Fdflags to_fdflags(int host) {
    Fdflags flags;
    if ((host & O_APPEND) != 0) {
        flags |= Fdflag::append;
    }
    if ((host & O_NONBLOCK) != 0) {
        flags |= Fdflag::nonblock;
    }
    if ((host & O_DSYNC) != 0) {
        flags |= Fdflag::dsync;
    }
    if ((host & O_SYNC) == O_SYNC) {
        flags |= Fdflag::sync;
        flags |= Fdflag::rsync;
    }
    return flags;
}

/// posix_fadvise and posix_fallocate return their error.
Result<void, Errno> from_result(int error) {
    if (error != 0) {
        return fail(from_host(io::HostErrno{error}));
    }
    return {};
}

/// Errors: inval (beyond what files can have).
Result<void, Errno> check_range(Filesize offset, Filesize bytes) {
    constexpr auto kMax = static_cast<Filesize>(std::numeric_limits<off_t>::max());
    if (offset > kMax || bytes > kMax - offset) {
        return fail(Errno::inval);
    }
    return {};
}

}  // namespace

Filetype filetype_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return Filetype::regular_file;
        case S_IFDIR:
            return Filetype::directory;
        case S_IFLNK:
            return Filetype::symbolic_link;
        case S_IFCHR:
            return Filetype::character_device;
        case S_IFBLK:
            return Filetype::block_device;
        case S_IFSOCK:
            return Filetype::socket_stream;
        default:
            return Filetype::unknown;
    }
}

Filestat to_filestat(const struct stat& status, Filetype filetype) {
    Filestat out;
    out.dev = status.st_dev;
    out.ino = status.st_ino;
    out.filetype = filetype;
    out.nlink = status.st_nlink;
    out.size = static_cast<Filesize>(status.st_size);
    out.atim = nanoseconds(status.st_atim);
    out.mtim = nanoseconds(status.st_mtim);
    out.ctim = nanoseconds(status.st_ctim);
    return out;
}

Snapshot0Filestat to_snapshot0(const Filestat& status) {
    Snapshot0Filestat out;
    out.dev = status.dev;
    out.ino = status.ino;
    out.filetype = status.filetype;
    out.nlink = static_cast<std::uint32_t>(status.nlink);
    out.size = status.size;
    out.atim = status.atim;
    out.mtim = status.mtim;
    out.ctim = status.ctim;
    return out;
}

Result<std::array<timespec, 2>, Errno> file_times(Timestamp atim, Timestamp mtim, Fstflags flags) {
    const auto time = [](bool set, bool now, Timestamp value) -> Result<timespec, Errno> {
        if (set && now) {
            return fail(Errno::inval);
        }
        if (!set) {
            return timespec{0, now ? UTIME_NOW : UTIME_OMIT};
        }
        return timespec{static_cast<time_t>(value / kSecond_ns),
                        static_cast<long>(value % kSecond_ns)};
    };
    const timespec access = TRY(time(flags.has(Fstflag::atim), flags.has(Fstflag::atim_now), atim));
    const timespec modification =
        TRY(time(flags.has(Fstflag::mtim), flags.has(Fstflag::mtim_now), mtim));
    return std::array{access, modification};
}

Result<Fdstat, Errno> wasi_snapshot_preview1::fd_fdstat_get(Caller& caller, Fd fd) {
    const Descriptor descriptor = TRY(caller.process.files().get(fd));
    const int flags = TRY(host_flags(*descriptor.file));
    Fdstat status;
    status.filetype = descriptor.file->filetype();
    status.flags = to_fdflags(flags);
    status.rights_base = descriptor.rights;
    status.rights_inheriting = descriptor.rights_inheriting;
    return status;
}

/// Linux cannot change O_SYNC and O_DSYNC of an open file: those bits have no effect. wasix: 2.11
Result<void, Errno> wasi_snapshot_preview1::fd_fdstat_set_flags(Caller& caller, Fd fd,
                                                                Fdflags flags) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_fdstat_set_flags));
    const int before = TRY(host_flags(*file));
    const int after = (before & ~(O_APPEND | O_NONBLOCK)) |
                      (flags.has(Fdflag::append) ? O_APPEND : 0) |
                      (flags.has(Fdflag::nonblock) ? O_NONBLOCK : 0);
    if ((after & O_APPEND) != 0) {
        file->leave_position_to_kernel();  // which moves it to the end of the file
    }
    if (::fcntl(file->host_fd(), F_SETFL, after) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    file->set_nonblocking(flags.has(Fdflag::nonblock));
    return {};
}

Result<void, Errno> wasi_snapshot_preview1::fd_fdstat_set_rights(Caller& caller, Fd fd,
                                                                 Rights rights_base,
                                                                 Rights rights_inheriting) {
    return caller.process.files().set_rights(fd, rights_base & kAllRights,
                                             rights_inheriting & kAllRights);
}

Result<Filestat, Errno> wasi_snapshot_preview1::fd_filestat_get(Caller& caller, Fd fd) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_filestat_get));
    struct stat status{};
    const io::KernelCall timed;
    if (::fstat(file->host_fd(), &status) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return to_filestat(status, file->filetype());
}

Result<Snapshot0Filestat, Errno> wasi_unstable::fd_filestat_get(Caller& caller, Fd fd) {
    const Filestat status = TRY(wasi_snapshot_preview1::fd_filestat_get(caller, fd));
    return to_snapshot0(status);
}

Result<void, Errno> wasi_snapshot_preview1::fd_filestat_set_size(Caller& caller, Fd fd,
                                                                 Filesize size) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_filestat_set_size));
    TRY(check_range(size, 0));
    if (::ftruncate(file->host_fd(), static_cast<off_t>(size)) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return {};
}

Result<void, Errno> wasi_snapshot_preview1::fd_filestat_set_times(Caller& caller, Fd fd,
                                                                  Timestamp atim, Timestamp mtim,
                                                                  Fstflags flags) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_filestat_set_times));
    const std::array<timespec, 2> times = TRY(file_times(atim, mtim, flags));
    if (::futimens(file->host_fd(), times.data()) != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return {};
}

Result<void, Errno> wasi_snapshot_preview1::fd_advise(Caller& caller, Fd fd, Filesize offset,
                                                      Filesize len, Advice advice) {
    constexpr std::array kHostAdvice{POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL,
                                     POSIX_FADV_RANDOM,   POSIX_FADV_WILLNEED,
                                     POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_advise));
    TRY(check_range(offset, len));
    const auto index = static_cast<std::size_t>(advice);
    if (index >= kHostAdvice.size()) {
        return fail(Errno::inval);
    }
    return from_result(::posix_fadvise(file->host_fd(), static_cast<off_t>(offset),
                                       static_cast<off_t>(len), kHostAdvice[index]));
}

/// Grows only. wasix: 2.23
Result<void, Errno> wasi_snapshot_preview1::fd_allocate(Caller& caller, Fd fd, Filesize offset,
                                                        Filesize len) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_allocate));
    TRY(check_range(offset, len));
    return from_result(
        ::posix_fallocate(file->host_fd(), static_cast<off_t>(offset), static_cast<off_t>(len)));
}

}  // namespace wasmax::wasix
