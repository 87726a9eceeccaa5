#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "io/backend.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

/// What an open directory contains, as it was when the guest read it from the start: so that each
/// entry is seen once whatever is removed meanwhile, and a cookie is an index, on any file system.
/// Threads: any.
class DirectoryListing {
public:
    /// Fills `out` with entries from number `cookie` on, the last cut if it does not fit. Result:
    /// the bytes written, fewer than there is room for at the end. Errors: of getdents64(2).
    /// wasix: 2.16
    [[nodiscard]] Result<Size, io::HostErrno> read(int directory, Dircookie cookie,
                                                   MutableByteView out);

private:
    struct Entry {
        std::uint64_t inode;
        std::size_t name;  ///< where it begins in names_
        std::uint16_t name_bytes;
        Filetype type;
    };
    Result<void, io::HostErrno> load(int directory);
    void add(ByteView record);

    std::mutex mutex_;  // guards all below; no other lock is taken under it
    bool loaded_ = false;
    std::vector<Entry> entries_;
    std::string names_;
};

}  // namespace wasmax::wasix
