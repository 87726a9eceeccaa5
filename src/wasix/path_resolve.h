#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// Linux's PATH_MAX, without the NUL.
inline constexpr std::size_t kMaxPathBytes = 4095;

// Where the paths of a guest lead. The kernel resolves them, with openat2(2), and it never leaves
// the directory it starts from: not through `..`, an absolute or relative symbolic link, a link of
// /proc, nor because somebody renames directories meanwhile. What changes an entry of a directory
// opens that directory so, and names the entry alone to mkdirat and its like, which do not follow
// it. Paths do not go through io::Backend, which is for what transfers data or waits.

/// What a call does to the file system.
enum class PathAccess : std::uint8_t {
    look,    ///< nothing
    change,  ///< refused in a read-only preopen
};

/// A path and the directory it starts from.
struct Location {
    Descriptor directory;
    std::string path;  ///< not empty, without NUL
};

/// Whether paths and links that begin with `/` start at this directory, and `..` stays in it.
[[nodiscard]] bool is_root(const Descriptor& directory);

/// What `path`, relative to the directory `fd`, names. An absolute path starts at `fd` if that is
/// the guest's root, else at the preopen whose name is its longest prefix; plain WASI has no
/// absolute paths. wasix: 2.4
/// Errors: memviolation, noent (empty), nametoolong, inval (a NUL), badf, notdir, rofs, notcapable
/// (a right of `needed` is missing, or no preopen has this absolute path).
[[nodiscard]] Result<Location, Errno> locate(Caller& caller, Fd fd, GuestString path, Rights needed,
                                             PathAccess access);

/// Whether the directory lets a call do so. Errors: rofs, notcapable.
[[nodiscard]] Result<void, Errno> check_access(const Location& location, Rights needed,
                                               PathAccess access);

/// Likewise for an absolute path that a handler made. Errors: notcapable, rofs.
[[nodiscard]] Result<Location, Errno> locate_absolute(Process& process, std::string_view path);

/// What becomes of a link that the last component is.
enum class LastLink : std::uint8_t { follow, keep };

/// Where `location` is when links with absolute targets, and those that climb out of its preopen,
/// lead where the guest sees them lead: the kernel knows only one directory at a time. For paths at
/// which open_location() answers perm; it is asked again with the result, so that this decides
/// nothing about what can be reached. Errors: perm (no link leads elsewhere, or the directory is no
/// preopen), notcapable (to no preopen), loop, and those of locate_absolute().
[[nodiscard]] Result<Location, Errno> follow_links(Process& process, const Location& location,
                                                   LastLink last);

/// Opens what `location` names. `flags` as of open(2), `mode` of a file that O_CREAT makes.
/// Errors: perm (it leads out of the directory), and those of openat2(2).
[[nodiscard]] Result<UniqueFd, Errno> open_location(const Location& location, int flags,
                                                    mode_t mode = 0);

/// An entry of a directory, for the *at calls that do not follow their last component.
struct Entry {
    UniqueFd directory;
    /// One component, with the slashes that end the path. Maybe `.` or `..`, which those calls
    /// refuse.
    std::string name;
};

/// Errors: as of open_location(), for the directory.
[[nodiscard]] Result<Entry, Errno> open_entry(const Location& location);

/// `path`, relative to `base` unless absolute, without `.`, `..` and empty components. Absolute.
[[nodiscard]] std::string normalized_path(std::string_view base, std::string_view path);

/// Text of at most 4095 bytes, copied because another guest thread may be changing it.
/// Errors: memviolation, noent (empty), nametoolong, inval (a NUL).
[[nodiscard]] Result<std::string, Errno> path_text(const GuestMemory& memory, GuestString path);

}  // namespace wasmax::wasix
