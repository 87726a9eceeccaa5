// Reading directories.

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "base/result.h"
#include "base/units.h"
#include "io/backend.h"
#include "wasix/directory.h"
#include "wasix/errnos.h"
#include "wasix/file_status.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// Appends what fits of `bytes` to what `out` holds up to `used`.
void append(MutableByteView out, std::size_t& used, const void* bytes, std::size_t count) {
    const std::size_t fits = std::min(count, out.size() - used);
    if (fits != 0) {
        std::memcpy(out.data() + used, bytes, fits);
    }
    used += fits;
}

}  // namespace

/// `record` is one linux_dirent64.
void DirectoryListing::add(ByteView record) {
    dirent64 header{};
    std::memcpy(&header, record.data(), std::min(record.size(), sizeof header));
    const std::size_t name_bytes = ::strnlen(header.d_name, sizeof header.d_name);
    entries_.push_back({header.d_ino, names_.size(), static_cast<std::uint16_t>(name_bytes),
                        filetype_of(static_cast<mode_t>(DTTOIF(header.d_type)))});
    names_.append(header.d_name, name_bytes);
}

Result<void, io::HostErrno> DirectoryListing::load(int directory) {
    constexpr std::size_t kBytes = std::size_t{16} << 10;
    entries_.clear();
    names_.clear();
    loaded_ = false;
    if (::lseek(directory, 0, SEEK_SET) < 0) {
        return fail(io::HostErrno{errno});
    }
    std::array<std::byte, kBytes> records;
    while (true) {
        const ssize_t count = ::getdents64(directory, records.data(), records.size());
        if (count < 0) {
            return fail(io::HostErrno{errno});
        }
        if (count == 0) {
            loaded_ = true;
            return {};
        }
        ByteView rest(records.data(), static_cast<std::size_t>(count));
        while (!rest.empty()) {
            std::uint16_t bytes = 0;
            std::memcpy(&bytes, rest.data() + offsetof(dirent64, d_reclen), sizeof bytes);
            add(rest.first(bytes));
            rest = rest.subspan(bytes);
        }
    }
}

Result<Size, io::HostErrno> DirectoryListing::read(int directory, Dircookie cookie,
                                                   MutableByteView out) {
    const std::lock_guard guard(mutex_);
    if (cookie == 0 || !loaded_) {
        TRY(load(directory));
    }
    std::size_t used = 0;
    for (std::uint64_t index = cookie; index < entries_.size() && used < out.size(); ++index) {
        const Entry& entry = entries_[index];
        Dirent header;
        header.next = index + 1;
        header.ino = entry.inode;
        header.namlen = entry.name_bytes;
        header.type = entry.type;
        append(out, used, &header, sizeof header);
        append(out, used, names_.data() + entry.name, entry.name_bytes);
    }
    return static_cast<Size>(used);
}

Result<Size, Errno> wasi_snapshot_preview1::fd_readdir(Caller& caller, Fd fd, GuestBuffer buf,
                                                       Dircookie cookie) {
    const FileRef file = TRY(caller.process.files().lookup(fd, Right::fd_readdir));
    const MutableByteView out = TRY(caller.memory.writable(buf));
    DirectoryListing* listing = file->listing();
    if (listing == nullptr) {
        return fail(Errno::notdir);
    }
    const auto used = listing->read(file->host_fd(), cookie, out);
    if (!used.has_value()) {
        return fail(from_host(used.error()));
    }
    return *used;
}

}  // namespace wasmax::wasix
