// The working directory: a name that the guest's libc resolves paths with.

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/units.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/path_resolve.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// Whether `path` leads to a preopened directory, so that it exists for the guest even if no
/// directory of the host stands for it.
bool is_above_preopen(Process& process, const std::string& path) {
    for (Fd fd = kFirstPreopen;; fd = Fd{static_cast<std::int32_t>(fd) + 1}) {
        const auto directory = process.files().get(fd);
        if (!directory.has_value() || directory->preopen == nullptr) {
            return path == "/";
        }
        if (normalized_path("/", *directory->preopen)
                .starts_with(path == "/" ? path : path + "/")) {
            return true;
        }
    }
}

}  // namespace

/// Too small a buffer is `range`, with the needed size, NUL included, in `path_len`; on success
/// that is the length without NUL. wasix: 3.1
Result<void, Errno> wasix_32v1::getcwd(Caller& caller, GuestPointer<std::byte> path,
                                       GuestPointer<Size> path_len) {
    const Size capacity = TRY(caller.memory.load(path_len));
    const std::string cwd = caller.process.cwd();
    const auto needed = static_cast<Size>(cwd.size() + 1);
    if (capacity < needed) {
        TRY(caller.memory.store(path_len, needed));
        return fail(Errno::range);
    }
    if (path.address == 0) {
        return fail(Errno::inval);
    }
    const MutableByteView bytes = TRY(caller.memory.view(path.address, needed));
    std::memcpy(bytes.data(), cwd.c_str(), bytes.size());
    return caller.memory.store(path_len, needed - 1);
}

/// The path is kept without `.` and `..`, which lead to the parent by name, as in the guest's libc.
/// wasix: 3.2
Result<void, Errno> wasix_32v1::chdir(Caller& caller, GuestString path) {
    const std::string text = TRY(path_text(caller.memory, path));
    std::string cwd = normalized_path(caller.process.cwd(), text);
    if (cwd.size() > kMaxPathBytes) {
        return fail(Errno::nametoolong);
    }
    if (!is_above_preopen(caller.process, cwd)) {
        const auto location = locate_absolute(caller.process, cwd);
        if (!location.has_value()) {
            return fail(Errno::noent);
        }
        const auto directory = open_location(*location, O_PATH | O_DIRECTORY);
        if (!directory.has_value() && directory.error() == Errno::perm) {
            const Location elsewhere =
                TRY(follow_links(caller.process, *location, LastLink::follow));
            TRY(open_location(elsewhere, O_PATH | O_DIRECTORY));
        } else if (!directory.has_value()) {
            return fail(directory.error());
        }
    }
    caller.process.set_cwd(std::move(cwd));
    return {};
}

}  // namespace wasmax::wasix
