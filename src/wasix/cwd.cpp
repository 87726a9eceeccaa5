// The working directory: a name that the guest's libc resolves paths with.

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// `path`, relative to `base` unless absolute, without `.`, `..` and empty components. Absolute.
std::string normalized(std::string_view base, std::string_view path) {
    std::vector<std::string_view> components;
    const auto append = [&](std::string_view rest) {
        while (!rest.empty()) {
            const std::size_t slash = rest.find('/');
            const std::string_view component = rest.substr(0, slash);
            rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
            if (component == "..") {
                if (!components.empty()) {
                    components.pop_back();
                }
            } else if (!component.empty() && component != ".") {
                components.push_back(component);
            }
        }
    };
    if (!path.starts_with('/')) {
        append(base);
    }
    append(path);
    std::string result;
    for (const std::string_view component : components) {
        result += '/';
        result += component;
    }
    return result.empty() ? "/" : result;
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

/// Partial: whether there is such a directory is not checked; the guest's libc has done so. A name
/// of more than 4095 bytes is refused, as on Linux. wasix: 3.2
Result<void, Errno> wasix_32v1::chdir(Caller& caller, GuestString path) {
    constexpr std::size_t kMaxPathBytes = 4095;
    const std::string_view text = TRY(caller.memory.text(path));
    if (text.empty()) {
        return fail(Errno::noent);
    }
    if (text.size() > kMaxPathBytes) {
        return fail(Errno::nametoolong);
    }
    const std::string copy(text);  // another guest thread may be changing it
    if (copy.find('\0') != std::string::npos) {
        return fail(Errno::inval);
    }
    std::string cwd = normalized(caller.process.cwd(), copy);
    if (cwd.size() > kMaxPathBytes) {
        return fail(Errno::nametoolong);
    }
    caller.process.set_cwd(std::move(cwd));
    return {};
}

}  // namespace wasmax::wasix
