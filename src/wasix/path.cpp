// Paths: opening, creating, removing, linking, status. path_resolve.h says how they are confined.

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "io/backend.h"
#include "wasix/devices.h"
#include "wasix/errnos.h"
#include "wasix/file_status.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/path_resolve.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr mode_t kFileMode = 0666;  // guests have no modes; the host's umask applies. wasix: 2.14
constexpr mode_t kDirectoryMode = 0777;

/// The result of a system call that answers 0 or -1.
Result<void, Errno> done(int result) {
    if (result != 0) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return {};
}

/// The arguments of path_open and path_open2.
struct OpenRequest {
    Lookupflags lookup;
    Oflags oflags;
    Rights rights;
    Rights rights_inheriting;
    Fdflags fdflags;
    FdflagsExt fdflagsext;
};

/// Only fd_write opens for writing. What else changes a file (fd_allocate, fd_filestat_set_size) is
/// asked for by guests that only read, too: Go's os.Open does.
int host_flags(const OpenRequest& request, Rights rights) {
    const bool writes = rights.has(Right::fd_write);
    const bool reads = rights.has(Right::fd_read) || rights.has(Right::fd_readdir);
    int flags = O_NOCTTY | (writes ? reads ? O_RDWR : O_WRONLY : O_RDONLY);
    const auto add = [&](bool wanted, int flag) { flags |= wanted ? flag : 0; };
    add(!request.lookup.has(Lookupflag::symlink_follow), O_NOFOLLOW);
    add(request.oflags.has(Oflag::creat), O_CREAT);
    add(request.oflags.has(Oflag::directory), O_DIRECTORY);
    add(request.oflags.has(Oflag::excl), O_EXCL);
    add(request.oflags.has(Oflag::trunc), O_TRUNC);
    add(request.fdflags.has(Fdflag::append), O_APPEND);
    add(request.fdflags.has(Fdflag::nonblock), O_NONBLOCK);
    add(request.fdflags.has(Fdflag::dsync), O_DSYNC);
    add(request.fdflags.has(Fdflag::sync) || request.fdflags.has(Fdflag::rsync), O_SYNC);
    return flags;
}

/// O_CREAT where nothing may be created: what exists is opened, what does not is `missing`.
Result<UniqueFd, Errno> open_existing(const Location& location, int flags, Errno missing) {
    auto file = open_location(location, flags & ~(O_CREAT | O_EXCL));
    if (!file.has_value()) {
        return fail(file.error() == Errno::noent ? missing : file.error());
    }
    if ((flags & O_EXCL) != 0) {
        return fail(Errno::exist);
    }
    return file;
}

Result<UniqueFd, Errno> open_host_file(const Location& location, int flags) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
    if (location.directory.read_only && writes) {
        return fail(Errno::rofs);
    }
    if ((flags & O_CREAT) == 0) {
        return open_location(location, flags & ~O_EXCL);
    }
    if (location.directory.read_only) {
        return open_existing(location, flags, Errno::rofs);
    }
    if ((flags & O_DIRECTORY) != 0) {
        return open_existing(location, flags, Errno::notdir);  // wasix: 2.15
    }
    return open_location(location, flags, kFileMode);
}

/// What a call needs of the directory that its path leads to.
struct Demand {
    Rights rights;
    PathAccess access;
    LastLink last = LastLink::keep;
};

LastLink last_link(Lookupflags flags) {
    return flags.has(Lookupflag::symlink_follow) ? LastLink::follow : LastLink::keep;
}

/// `act(location)` for the place of a path, and if that leads out of its directory, for where it
/// leads to in the guest's eyes. Errors: as locate(), follow_links(), and those of `act`.
template <class Act>
auto at(Caller& caller, Fd fd, GuestString path, const Demand& demand, Act act)
    -> decltype(act(std::declval<const Location&>())) {
    const Location location = TRY(locate(caller, fd, path, demand.rights, demand.access));
    auto result = act(location);
    if (result.has_value() || result.error() != Errno::perm) [[likely]] {
        return result;
    }
    const auto elsewhere = follow_links(caller.process, location, demand.last);
    if (!elsewhere.has_value()) {
        return fail(elsewhere.error() == Errno::loop ? Errno::loop : Errno::perm);
    }
    TRY(check_access(*elsewhere, demand.rights, demand.access));
    return act(*elsewhere);
}

/// Errors: exist, notdir (what the request wants of a file that exists).
Result<Fd, Errno> open_device(Caller& caller, Descriptor device, const OpenRequest& request) {
    if (request.oflags.has(Oflag::directory)) {
        return fail(Errno::notdir);
    }
    if (request.oflags.has(Oflag::creat) && request.oflags.has(Oflag::excl)) {
        return fail(Errno::exist);
    }
    device.preopen = nullptr;
    device.rights = device.rights & request.rights;
    device.rights_inheriting = device.rights_inheriting & request.rights_inheriting;
    device.flags = request.fdflagsext & FdflagExt::cloexec;
    return caller.process.files().insert(std::move(device));
}

Result<Fd, Errno> open_at(Caller& caller, const Location& location, const OpenRequest& request) {
    if (auto device = TRY(device_at(caller, location))) [[unlikely]] {
        return open_device(caller, *std::move(device), request);
    }
    const Rights allowed = location.directory.rights_inheriting;
    const Rights rights = request.rights & allowed;
    const int flags = host_flags(request, rights);
    FileTable::Reservation number = TRY(caller.process.files().reserve());
    UniqueFd host_file = TRY(open_host_file(location, flags));
    auto file = OpenFile::opened(std::move(host_file), flags, caller.process.io(),
                                 caller.process.files().threads());
    if (!file.has_value()) {
        return fail(from_host(file.error()));
    }
    Descriptor descriptor = Descriptor::of(std::move(file).value());
    descriptor.rights = descriptor.rights & rights;
    descriptor.rights_inheriting =
        descriptor.rights_inheriting & request.rights_inheriting & allowed;
    descriptor.flags = request.fdflagsext & FdflagExt::cloexec;
    descriptor.read_only = location.directory.read_only;
    if (descriptor.read_only) {
        // The only thing that could be changed through a descriptor open for reading.
        descriptor.rights = descriptor.rights.without(Right::fd_filestat_set_times);
    }
    return std::move(number).fill(std::move(descriptor));
}

Result<Fd, Errno> open_path(Caller& caller, Fd fd, GuestString path, const OpenRequest& request) {
    Rights needed = Right::path_open;
    if (request.oflags.has(Oflag::creat)) {
        needed |= Right::path_create_file;
    }
    if (request.oflags.has(Oflag::trunc)) {
        needed |= Right::path_filestat_set_size;
    }
    return at(caller, fd, path, {needed, PathAccess::look, last_link(request.lookup)},
              [&](const Location& location) { return open_at(caller, location, request); });
}

Result<Entry, Errno> entry_to_change(Caller& caller, Fd fd, GuestString path, Right needed) {
    return at(caller, fd, path, {needed, PathAccess::change}, open_entry);
}

/// The file itself, or the symbolic link unless it is to be followed: to ask about, not to read.
Result<UniqueFd, Errno> open_to_look(const Location& location, Lookupflags flags) {
    return open_location(location,
                         O_PATH | (flags.has(Lookupflag::symlink_follow) ? 0 : O_NOFOLLOW));
}

}  // namespace

Result<Fd, Errno> wasi_snapshot_preview1::path_open(Caller& caller, Fd fd, Lookupflags dirflags,
                                                    GuestString path, Oflags oflags,
                                                    Rights rights_base, Rights rights_inheriting,
                                                    Fdflags fdflags) {
    return open_path(caller, fd, path,
                     {dirflags, oflags, rights_base, rights_inheriting, fdflags, FdflagsExt()});
}

Result<Fd, Errno> wasix_32v1::path_open2(Caller& caller, Fd fd, Lookupflags dirflags,
                                         GuestString path, Oflags oflags, Rights rights_base,
                                         Rights rights_inheriting, Fdflags fdflags,
                                         FdflagsExt fdflagsext) {
    return open_path(caller, fd, path,
                     {dirflags, oflags, rights_base, rights_inheriting, fdflags, fdflagsext});
}

Result<void, Errno> wasi_snapshot_preview1::path_create_directory(Caller& caller, Fd fd,
                                                                  GuestString path) {
    const Entry entry = TRY(entry_to_change(caller, fd, path, Right::path_create_directory));
    return done(::mkdirat(entry.directory.get(), entry.name.c_str(), kDirectoryMode));
}

Result<void, Errno> wasi_snapshot_preview1::path_remove_directory(Caller& caller, Fd fd,
                                                                  GuestString path) {
    const Entry entry = TRY(entry_to_change(caller, fd, path, Right::path_remove_directory));
    return done(::unlinkat(entry.directory.get(), entry.name.c_str(), AT_REMOVEDIR));
}

/// Of a directory: isdir, which remove() relies on. wasix: 2.25
Result<void, Errno> wasi_snapshot_preview1::path_unlink_file(Caller& caller, Fd fd,
                                                             GuestString path) {
    const Entry entry = TRY(entry_to_change(caller, fd, path, Right::path_unlink_file));
    return done(::unlinkat(entry.directory.get(), entry.name.c_str(), 0));
}

Result<void, Errno> wasi_snapshot_preview1::path_rename(Caller& caller, Fd fd, GuestString old_path,
                                                        Fd new_fd, GuestString new_path) {
    const Entry from = TRY(entry_to_change(caller, fd, old_path, Right::path_rename_source));
    const Entry to = TRY(entry_to_change(caller, new_fd, new_path, Right::path_rename_target));
    return done(
        ::renameat(from.directory.get(), from.name.c_str(), to.directory.get(), to.name.c_str()));
}

/// A hard link made in a writable directory would make a read-only file writable, so the source's
/// directory must be writable too.
Result<void, Errno> wasi_snapshot_preview1::path_link(Caller& caller, Fd old_fd,
                                                      Lookupflags old_flags, GuestString old_path,
                                                      Fd new_fd, GuestString new_path) {
    const Entry target = TRY(entry_to_change(caller, new_fd, new_path, Right::path_link_target));
    // By way of the opened file: linkat would follow a link whose path ends in a slash.
    const UniqueFd file =
        TRY(at(caller, old_fd, old_path,
               {Right::path_link_source, PathAccess::change, last_link(old_flags)},
               [&](const Location& source) { return open_to_look(source, old_flags); }));
    const std::string opened = "/proc/self/fd/" + std::to_string(file.get());
    return done(::linkat(AT_FDCWD, opened.c_str(), target.directory.get(), target.name.c_str(),
                         AT_SYMLINK_FOLLOW));
}

/// `old_path` is not looked at: wherever it leads, following it is confined.
Result<void, Errno> wasi_snapshot_preview1::path_symlink(Caller& caller, GuestString old_path,
                                                         Fd fd, GuestString new_path) {
    const std::string target = TRY(path_text(caller.memory, old_path));
    const Entry entry = TRY(entry_to_change(caller, fd, new_path, Right::path_symlink));
    return done(::symlinkat(target.c_str(), entry.directory.get(), entry.name.c_str()));
}

/// Without NUL, and cut if it does not fit. wasix: 2.24
Result<Size, Errno> wasi_snapshot_preview1::path_readlink(Caller& caller, Fd fd, GuestString path,
                                                          GuestBuffer buf) {
    const MutableByteView bytes = TRY(caller.memory.writable(buf));
    const UniqueFd link =
        TRY(at(caller, fd, path, {Right::path_readlink, PathAccess::look},
               [](const Location& location) { return open_to_look(location, {}); }));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters.
    const auto copied =
        ::readlinkat(link.get(), "", reinterpret_cast<char*>(bytes.data()), bytes.size());
    if (copied < 0) {
        const int error = errno;
        // linux: readlinkat(2) of an open file that is no link.
        return fail(error == ENOENT ? Errno::inval : from_host(io::HostErrno{error}));
    }
    return static_cast<Size>(copied);
}

Result<Filestat, Errno> wasi_snapshot_preview1::path_filestat_get(Caller& caller, Fd fd,
                                                                  Lookupflags flags,
                                                                  GuestString path) {
    return at(caller, fd, path, {Right::path_filestat_get, PathAccess::look, last_link(flags)},
              [&](const Location& location) -> Result<Filestat, Errno> {
                  struct stat status{};
                  if (const auto device = TRY(device_at(caller, location))) [[unlikely]] {
                      TRY(done(::fstat(device->file->host_fd(), &status)));
                  } else {
                      const UniqueFd file = TRY(open_to_look(location, flags));
                      TRY(done(::fstat(file.get(), &status)));
                  }
                  return to_filestat(status, filetype_of(status.st_mode));
              });
}

Result<Snapshot0Filestat, Errno> wasi_unstable::path_filestat_get(Caller& caller, Fd fd,
                                                                  Lookupflags flags,
                                                                  GuestString path) {
    const Filestat status = TRY(wasi_snapshot_preview1::path_filestat_get(caller, fd, flags, path));
    return to_snapshot0(status);
}

Result<void, Errno> wasi_snapshot_preview1::path_filestat_set_times(Caller& caller, Fd fd,
                                                                    Lookupflags flags,
                                                                    GuestString path,
                                                                    Timestamp atim, Timestamp mtim,
                                                                    Fstflags fst_flags) {
    const std::array<timespec, 2> times = TRY(file_times(atim, mtim, fst_flags));
    const UniqueFd file = TRY(
        at(caller, fd, path, {Right::path_filestat_set_times, PathAccess::change, last_link(flags)},
           [&](const Location& location) { return open_to_look(location, flags); }));
    return done(::utimensat(file.get(), "", times.data(), AT_EMPTY_PATH));
}

}  // namespace wasmax::wasix
