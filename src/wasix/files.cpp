#include "wasix/files.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/directory.h"
#include "wasix/epoll_set.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/impl/recycling_allocator.h"

namespace wasmax::wasix {
namespace {

// Rights decide what a guest is told, so what the kernel itself answers well (fsync of a pipe) is
// granted to all.
constexpr Rights kStatRights = Rights(Right::fd_filestat_get) | Right::fd_fdstat_set_flags |
                               Right::poll_fd_readwrite | Right::fd_sync | Right::fd_datasync;
constexpr Rights kStreamRights = kStatRights | Right::fd_read | Right::fd_write;
constexpr Rights kSeekRights = Rights(Right::fd_seek) | Right::fd_tell;
constexpr Rights kFileRights = kStreamRights | kSeekRights | Right::fd_advise | Right::fd_allocate |
                               Right::fd_filestat_set_size | Right::fd_filestat_set_times;
constexpr Rights kDirectoryOnlyRights =
    Rights(Right::path_create_directory) | Right::path_create_file | Right::path_link_source |
    Right::path_link_target | Right::path_open | Right::fd_readdir | Right::path_readlink |
    Right::path_rename_source | Right::path_rename_target | Right::path_filestat_get |
    Right::path_filestat_set_size | Right::path_filestat_set_times | Right::path_symlink |
    Right::path_remove_directory | Right::path_unlink_file;
constexpr Rights kDirectoryRights =
    kStatRights | kDirectoryOnlyRights | Right::fd_filestat_set_times;
constexpr Rights kSocketOnlyRights =
    Rights(Right::sock_shutdown) | Right::sock_accept | Right::sock_connect | Right::sock_listen |
    Right::sock_bind | Right::sock_recv | Right::sock_send | Right::sock_addr_local |
    Right::sock_addr_remote | Right::sock_recv_from | Right::sock_send_to;
constexpr Rights kSocketRights = kStreamRights | kSocketOnlyRights;

Filetype socket_filetype(SocketType type) {
    switch (type) {
        case SocketType::stream:
            return Filetype::socket_stream;
        case SocketType::dgram:
            return Filetype::socket_dgram;
        case SocketType::raw:
            return Filetype::socket_raw;
        case SocketType::seqpacket:
            return Filetype::socket_seqpacket;
        case SocketType::unused:
            break;
    }
    return Filetype::unknown;
}

SocketType socket_type(int host_type) {
    switch (host_type) {
        case SOCK_STREAM:
            return SocketType::stream;
        case SOCK_DGRAM:
            return SocketType::dgram;
        case SOCK_RAW:
            return SocketType::raw;
        case SOCK_SEQPACKET:
            return SocketType::seqpacket;
        default:
            return SocketType::unused;
    }
}

AddressFamily address_family(int host_family) {
    switch (host_family) {
        case AF_INET:
            return AddressFamily::inet4;
        case AF_INET6:
            return AddressFamily::inet6;
        case AF_UNIX:
            return AddressFamily::unix_;
        default:
            return AddressFamily::unspec;
    }
}

struct Kind {
    Filetype filetype;
    Rights rights;
    Readiness readiness = Readiness::polled;
};

/// A terminal is a character device that cannot seek: that is how guests tell one. wasix: 2.9
Kind kind_of(const struct stat& status, int fd) {
    switch (status.st_mode & S_IFMT) {
        case S_IFREG:
            return {Filetype::regular_file, kFileRights};
        case S_IFDIR:
            return {Filetype::directory, kDirectoryRights};
        case S_IFCHR:
            return {Filetype::character_device,
                    ::isatty(fd) == 1 ? kStreamRights : kStreamRights | kSeekRights};
        case S_IFBLK:
            return {Filetype::block_device, kFileRights};
        case S_IFIFO:
            return {Filetype::unknown, kStreamRights, Readiness::announced};
        default:
            return {Filetype::unknown, kStreamRights};
    }
}

/// What a descriptor opened for reading or writing only may not do. wasix: 2.11
Rights denied_by_mode(int flags) {
    switch (flags & O_ACCMODE) {
        case O_RDONLY:
            return Rights(Right::fd_write) | Right::fd_allocate | Right::fd_filestat_set_size;
        case O_WRONLY:
            return Right::fd_read;
        default:
            return {};
    }
}

Result<int, io::HostErrno> socket_option(int fd, int option) {
    int value = 0;
    socklen_t bytes = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, option, &value, &bytes) != 0) {
        return fail(io::HostErrno{errno});
    }
    return value;
}

/// Of anything but a socket; `flags` are O_*.
std::shared_ptr<OpenFile> make(UniqueFd fd, io::Backend& io, const Kind& kind, int flags) {
    auto file =
        std::allocate_shared<OpenFile>(RecyclingAllocator<OpenFile>(), std::move(fd), io,
                                       kind.filetype, kind.rights.without(denied_by_mode(flags)));
    file->set_nonblocking((flags & O_NONBLOCK) != 0);
    return file;
}

}  // namespace

OpenFile::OpenFile(UniqueFd fd, io::Backend& io, Filetype filetype, Rights rights)
    : fd_(std::move(fd)),
      io_(io),
      filetype_(filetype),
      rights_(rights),
      listing_(filetype == Filetype::directory ? std::make_unique<DirectoryListing>() : nullptr) {}

OpenFile::~OpenFile() {
    // Never fails: Close reports no error.
    (void)io_.run(io::Close{fd_.release()});
}

int OpenFile::duplicate_of(Fd fd) const {
    const std::lock_guard guard(duplicates_mutex_);
    for (const auto& [owner, duplicate] : duplicates_) {
        if (owner == fd) {
            return duplicate.get();
        }
    }
    return -1;
}

Result<int, io::HostErrno> OpenFile::duplicate_for(Fd fd) {
    const int before = duplicate_of(fd);
    if (before >= 0) {
        return before;
    }
    UniqueFd duplicate(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!duplicate) {
        return fail(io::HostErrno{errno});
    }
    const int number = duplicate.get();
    const std::lock_guard guard(duplicates_mutex_);
    duplicates_.emplace_back(fd, std::move(duplicate));
    return number;
}

Result<std::shared_ptr<OpenFile>, io::HostErrno> OpenFile::adopt(UniqueFd fd, io::Backend& io) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return fail(io::HostErrno{errno});
    }
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0) {
        return fail(io::HostErrno{errno});
    }
    if (S_ISSOCK(status.st_mode)) {
        const int family = TRY(socket_option(fd.get(), SO_DOMAIN));
        const int type = TRY(socket_option(fd.get(), SO_TYPE));
        const int listening = TRY(socket_option(fd.get(), SO_ACCEPTCONN));
        auto file = make_socket(std::move(fd), io, address_family(family), socket_type(type),
                                (flags & O_NONBLOCK) != 0);
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): make_socket() has put it there.
        file->socket_->listening = listening != 0;
        return file;
    }
    const Kind kind = kind_of(status, fd.get());
    auto file = make(std::move(fd), io, kind, flags);
    file->readiness_ = kind.readiness;
    return file;
}

Result<std::shared_ptr<OpenFile>, io::HostErrno> OpenFile::opened(UniqueFd fd, int flags,
                                                                  io::Backend& io,
                                                                  Threads threads) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return fail(io::HostErrno{errno});
    }
    const Kind kind = kind_of(status, fd.get());
    // Some files of special file systems are said to be regular and cannot seek.
    const bool keeps_position = kind.filetype == Filetype::regular_file &&
                                threads == Threads::one && (flags & O_APPEND) == 0 &&
                                ::lseek(fd.get(), 0, SEEK_CUR) == 0;
    auto file = make(std::move(fd), io, kind, flags);
    file->position_ = keeps_position ? 0 : io::kFilePosition;
    file->readiness_ = kind.readiness;
    return file;
}

Result<Filesize, io::HostErrno> OpenFile::seek(Filedelta offset, int host_whence) {
    // Every file system has room up to here. linux: MAX_NON_LFS; and up to where a file has been.
    constexpr std::int64_t kRoom = std::numeric_limits<std::int32_t>::max();
    const bool kept = position_ != io::kFilePosition;
    if (kept && host_whence != SEEK_END) {
        std::int64_t target = 0;
        if (!__builtin_add_overflow(host_whence == SEEK_CUR ? position_ : 0, offset, &target) &&
            target >= 0 && target <= std::max(kRoom, position_)) {
            position_ = target;
            return static_cast<Filesize>(target);
        }
        // The kernel says what is wrong, or how large this file system's files can be.
        if (host_whence == SEEK_CUR && ::lseek(fd_.get(), position_, SEEK_SET) < 0) {
            return fail(io::HostErrno{errno});
        }
    }
    const off_t position = ::lseek(fd_.get(), offset, host_whence);
    if (position < 0) {
        return fail(io::HostErrno{errno});
    }
    if (kept) {
        position_ = position;
    }
    return static_cast<Filesize>(position);
}

void OpenFile::leave_position_to_kernel() {
    if (position_ != io::kFilePosition) {
        (void)::lseek(fd_.get(), position_, SEEK_SET);  // it was there, or allowed to go there
        position_ = io::kFilePosition;
    }
}

std::shared_ptr<OpenFile> OpenFile::make_socket(UniqueFd fd, io::Backend& io, AddressFamily family,
                                                SocketType type, bool nonblocking) {
    auto file = std::allocate_shared<OpenFile>(RecyclingAllocator<OpenFile>(), std::move(fd), io,
                                               socket_filetype(type), kSocketRights);
    file->readiness_ = Readiness::announced;
    file->socket_.emplace();
    file->socket_->family = family;
    file->socket_->type = type;
    file->set_nonblocking(nonblocking);
    return file;
}

std::shared_ptr<OpenFile> OpenFile::make_counter(UniqueFd fd, io::Backend& io, bool nonblocking) {
    auto file = std::allocate_shared<OpenFile>(RecyclingAllocator<OpenFile>(), std::move(fd), io,
                                               Filetype::unknown, kStreamRights);
    file->readiness_ = Readiness::counter;
    file->set_nonblocking(nonblocking);
    return file;
}

std::shared_ptr<OpenFile> OpenFile::make_epoll(UniqueFd fd, io::Backend& io) {
    auto file = std::allocate_shared<OpenFile>(RecyclingAllocator<OpenFile>(), std::move(fd), io,
                                               Filetype::unknown,
                                               Rights(Right::poll_fd_readwrite) | Right::fd_read);
    file->epoll_ = std::make_unique<EpollSet>();
    return file;
}

Descriptor Descriptor::of(std::shared_ptr<OpenFile> file) {
    const Rights rights = file->rights();
    // What is opened in a directory may be anything. wasix: 2.14
    const Rights inheriting = file->filetype() == Filetype::directory ? kAllRights : rights;
    return {std::move(file), rights, inheriting, FdflagsExt()};
}

Errno Descriptor::missing_right(Rights needed) const {
    const Rights missing = needed.without(rights);
    const bool directory = file->filetype() == Filetype::directory;
    if ((missing & kSocketOnlyRights) != Rights() && file->socket() == nullptr) {
        return Errno::notsock;
    }
    if ((missing & kDirectoryOnlyRights) != Rights() && !directory) {
        return Errno::notdir;
    }
    if (missing.has(Right::fd_read) || missing.has(Right::fd_write)) {
        return directory ? Errno::isdir : Errno::badf;
    }
    if (directory) {
        // deviates: 2.17 recommends spipe for seeking, which is what libc makes of notcapable;
        // plain WASI does not know spipe of directories.
        return Errno::notcapable;
    }
    if (missing.has(Right::fd_filestat_set_size)) {
        return Errno::inval;
    }
    if (missing.has(Right::fd_allocate) && file->filetype() == Filetype::regular_file) {
        return Errno::badf;
    }
    constexpr Rights kPositions =
        Rights(Right::fd_seek) | Right::fd_tell | Right::fd_allocate | Right::fd_advise;
    return (missing & kPositions) != Rights() ? Errno::spipe : Errno::notcapable;
}

}  // namespace wasmax::wasix
