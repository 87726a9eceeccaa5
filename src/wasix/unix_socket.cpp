#include "wasix/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/path_resolve.h"
#include "wasix/process.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr std::size_t kPathOffset = 2;  // in an addr_port. wasix: 5.1
constexpr std::size_t kNameOffset = offsetof(sockaddr_un, sun_path);
/// Beyond it the oldest names are forgotten, all at once: a guest may bind any number.
constexpr std::size_t kMaxNames = 65'536;

std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/// Errors: nametoolong.
Result<UnixAddress, Errno> named(const std::string& name, UniqueFd held) {
    UnixAddress address;
    if (name.size() >= sizeof address.name.sun_path) {
        return fail(Errno::nametoolong);
    }
    address.name.sun_family = AF_UNIX;
    std::memcpy(address.name.sun_path, name.data(), name.size());
    address.bytes = static_cast<socklen_t>(kNameOffset + name.size() + 1);
    address.held = std::move(held);
    return address;
}

std::string key_of(const sockaddr_un& name, std::size_t bytes) {
    const std::size_t path_bytes =
        bytes <= kNameOffset ? 0 : std::min(bytes - kNameOffset, sizeof name.sun_path);
    return {name.sun_path, ::strnlen(name.sun_path, path_bytes)};
}

Result<Location, Errno> located(Caller& caller, const std::string& path) {
    return locate_absolute(caller.process, normalized_path(caller.process.cwd(), path));
}

}  // namespace

Result<std::string, Errno> load_unix_path(const Caller& caller,
                                          GuestPointer<const AddressPort> pointer) {
    const AddressPort address = TRY(caller.memory.load(pointer));
    if (address.bytes[0] != static_cast<std::uint8_t>(AddressFamily::unix_)) {
        return fail(Errno::inval);
    }
    std::string path;
    for (std::size_t at = kPathOffset; at < address.bytes.size() && address.bytes[at] != 0; ++at) {
        path.push_back(static_cast<char>(address.bytes[at]));
    }
    return path.empty() ? Result<std::string, Errno>(fail(Errno::inval)) : path;
}

Result<UnixAddress, Errno> unix_address_to_bind(Caller& caller, const std::string& path) {
    const Location location = TRY(located(caller, path));
    if (location.directory.read_only) {
        return fail(Errno::rofs);
    }
    Entry entry = TRY(open_entry(location));
    const std::string name = path_of(entry.directory.get()) + "/" + entry.name;
    return named(name, std::move(entry.directory));
}

Result<UnixAddress, Errno> unix_address_to_reach(Caller& caller, const std::string& path) {
    const Location location = TRY(located(caller, path));
    UniqueFd socket = TRY(open_location(location, O_PATH));
    const std::string name = path_of(socket.get());
    return named(name, std::move(socket));
}

void UnixNames::add(const UnixAddress& address, const std::string& path) {
    const std::lock_guard guard(mutex_);
    if (names_.size() >= kMaxNames) {
        names_.clear();
    }
    names_.insert_or_assign(key_of(address.name, address.bytes), path);
}

void UnixNames::translate(io::AddressBuffer& address) const {
    if (address.bytes < sizeof(sa_family_t) || address.storage.ss_family != AF_UNIX) {
        return;
    }
    sockaddr_un name{};
    std::memcpy(&name, &address.storage, std::min<std::size_t>(address.bytes, sizeof name));
    const std::string key = key_of(name, address.bytes);
    name = {.sun_family = AF_UNIX, .sun_path = {}};
    address.bytes = sizeof(sa_family_t);
    const std::lock_guard guard(mutex_);
    const auto found = names_.find(key);
    if (found != names_.end()) {
        const std::size_t count = std::min(found->second.size(), sizeof name.sun_path);
        std::memcpy(name.sun_path, found->second.data(), count);
        address.bytes = static_cast<socklen_t>(kNameOffset + count);
    }
    std::memcpy(&address.storage, &name, sizeof name);
}

}  // namespace wasmax::wasix
