#include "wasix/path_resolve.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/interruption.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "wasix/dialect.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr std::string_view kRoot = "/";

/// What is left of `path` below `directory`, both absolute: `.` for the directory itself.
std::optional<std::string> below(std::string_view path, std::string_view directory) {
    if (directory == kRoot) {
        return std::string(path);
    }
    if (!path.starts_with(directory)) {
        return std::nullopt;
    }
    std::string_view rest = path.substr(directory.size());
    if (!rest.empty() && rest.front() != '/') {
        return std::nullopt;
    }
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
    }
    return std::string(rest.empty() ? "." : rest);
}

/// The target of the link at the absolute path `path`; nullopt: there is none.
std::optional<std::string> link_target(Process& process, std::string_view path) {
    const auto location = locate_absolute(process, path);
    if (!location.has_value()) {
        return std::nullopt;
    }
    const auto link = open_location(*location, O_PATH | O_NOFOLLOW);
    std::string target(kMaxPathBytes, '\0');
    const ssize_t count =
        link.has_value() ? ::readlinkat(link->get(), "", target.data(), target.size()) : -1;
    if (count <= 0) {
        return std::nullopt;
    }
    target.resize(static_cast<std::size_t>(count));
    return target;
}

/// The first component of `path`, which loses it and the slashes around it.
std::string take_component(std::string& path) {
    const std::size_t start = std::min(path.find_first_not_of('/'), path.size());
    const std::size_t end = std::min(path.find('/', start), path.size());
    std::string component = path.substr(start, end - start);
    path.erase(0, std::min(path.find_first_not_of('/', end), path.size()));
    return component;
}

}  // namespace

Result<Location, Errno> follow_links(Process& process, const Location& location, LastLink last) {
    constexpr int kMaxLinks = 40;  // linux: path_resolution(7)
    if (location.directory.preopen == nullptr) {
        return fail(Errno::perm);
    }
    std::string done = normalized_path(kRoot, *location.directory.preopen);  // without links
    std::string rest = location.path;
    const bool ends_in_slash = rest.ends_with('/');
    int links = 0;
    while (!rest.empty()) {
        const std::string component = take_component(rest);
        std::string next = normalized_path(done, component);
        const bool keeps = rest.empty() && last == LastLink::keep;
        const auto target = component == ".." || keeps ? std::nullopt : link_target(process, next);
        if (!target) {
            done = std::move(next);
            continue;
        }
        if (++links > kMaxLinks) {
            return fail(Errno::loop);
        }
        if (target->starts_with('/')) {
            done = kRoot;
        }
        rest.insert(0, 1, '/').insert(0, *target);
    }
    Location found = TRY(locate_absolute(process, done));
    if (links == 0 && found.directory.preopen == location.directory.preopen) {
        return fail(Errno::perm);
    }
    if (ends_in_slash) {
        found.path += '/';
    }
    return found;
}

bool is_root(const Descriptor& directory) {
    return directory.preopen != nullptr && normalized_path(kRoot, *directory.preopen) == kRoot;
}

std::string normalized_path(std::string_view base, std::string_view path) {
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
    return result.empty() ? std::string(kRoot) : result;
}

Result<std::string, Errno> path_text(const GuestMemory& memory, GuestString path) {
    const std::string_view text = TRY(memory.text(path));
    if (text.empty()) {
        return fail(Errno::noent);
    }
    if (text.size() > kMaxPathBytes) {
        return fail(Errno::nametoolong);
    }
    std::string copy(text);
    if (copy.find('\0') != std::string::npos) {
        return fail(Errno::inval);
    }
    return copy;
}

Result<Location, Errno> locate_absolute(Process& process, std::string_view path) {
    std::optional<Location> found;
    std::size_t found_bytes = 0;
    for (Fd fd = kFirstPreopen;; fd = Fd{static_cast<std::int32_t>(fd) + 1}) {
        auto directory = process.files().get(fd);
        if (!directory.has_value() || directory->preopen == nullptr) {
            break;
        }
        const std::string name = normalized_path(kRoot, *directory->preopen);
        if (name.size() <= found_bytes) {
            continue;
        }
        if (auto rest = below(path, name)) {
            found_bytes = name.size();
            found = Location{std::move(*directory), std::move(*rest)};
        }
    }
    if (!found) {
        return fail(Errno::notcapable);
    }
    return *std::move(found);
}

Result<Location, Errno> locate(Caller& caller, Fd fd, GuestString path, Rights needed,
                               PathAccess access) {
    std::string text = TRY(path_text(caller.memory, path));
    Location location{TRY(caller.process.files().get(fd)), std::move(text)};
    if (location.directory.file->filetype() != Filetype::directory) {
        return fail(Errno::notdir);
    }
    if (location.path.starts_with('/') && !is_root(location.directory)) {
        if (is_plain_wasi(caller)) {
            return fail(Errno::perm);
        }
        location = TRY(locate_absolute(caller.process, location.path));
    }
    TRY(check_access(location, needed, access));
    return location;
}

Result<void, Errno> check_access(const Location& location, Rights needed, PathAccess access) {
    if (access == PathAccess::change && location.directory.read_only) {
        return fail(Errno::rofs);
    }
    if (!location.directory.rights.has_all(needed)) {
        return fail(Errno::notcapable);
    }
    return {};
}

Result<UniqueFd, Errno> open_location(const Location& location, int flags, mode_t mode) {
    // linux: openat2(2) asks to be called again when a rename made it unsure. Somebody who renames
    // all the time must not keep us here.
    constexpr int kMaxAttempts = 1000;
    open_how how{};
    how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
    how.mode = mode;
    how.resolve =
        RESOLVE_NO_MAGICLINKS | (is_root(location.directory) ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
    int error = 0;
    for (int attempt = 0; attempt < kMaxAttempts;) {
        const io::KernelCall timed;
        const long fd = ::syscall(SYS_openat2, location.directory.file->host_fd(),
                                  location.path.c_str(), &how, sizeof how);
        if (fd >= 0) {
            return UniqueFd(static_cast<int>(fd));
        }
        error = errno;
        // A FIFO waits for its other end. posix: open
        const bool again = error == EAGAIN;
        if (!again && (error != EINTR || interruption_flag().load(std::memory_order_relaxed))) {
            break;
        }
        attempt += again ? 1 : 0;
    }
    return fail(error == EXDEV ? Errno::perm : from_host(io::HostErrno{error}));
}

Result<Entry, Errno> open_entry(const Location& location) {
    const std::string& path = location.path;
    const std::size_t last = path.find_last_not_of('/');
    if (last == std::string::npos) {
        return Entry{TRY(open_location(location, O_PATH | O_DIRECTORY)), "."};
    }
    const std::size_t slash = path.find_last_of('/', last);
    if (slash == std::string::npos) {
        const Location here{location.directory, "."};
        return Entry{TRY(open_location(here, O_PATH | O_DIRECTORY)), path};
    }
    const Location parent{location.directory, path.substr(0, slash + 1)};
    return Entry{TRY(open_location(parent, O_PATH | O_DIRECTORY)), path.substr(slash + 1)};
}

}  // namespace wasmax::wasix
