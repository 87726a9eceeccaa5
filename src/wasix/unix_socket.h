#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

// Unix sockets have names in the guest's directories. The kernel is given a name that begins with
// an open directory (to bind), or that is an open file (to connect and send), both found as any
// path of the guest is: no link and no rename leads out. Names without a path are not offered.

/// A Unix address for bind, connect or sendto, and what must stay open until that was called.
struct UnixAddress {
    sockaddr_un name{};
    socklen_t bytes = 0;
    UniqueFd held;

    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the sockets API asks for.
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

/// The path in the guest's address. Errors: memviolation, inval (of another family, or without a
/// path), and those of locate().
[[nodiscard]] Result<std::string, Errno> load_unix_path(const Caller& caller,
                                                        GuestPointer<const AddressPort> pointer);

/// For a new name. Errors: as of open_entry(), rofs, nametoolong.
[[nodiscard]] Result<UnixAddress, Errno> unix_address_to_bind(Caller& caller,
                                                              const std::string& path);
/// For the socket that `path` names. Errors: as of open_location().
[[nodiscard]] Result<UnixAddress, Errno> unix_address_to_reach(Caller& caller,
                                                               const std::string& path);

/// How the guest knows the sockets that it has bound: the kernel's names are not its own. Threads:
/// any.
class UnixNames {
public:
    void add(const UnixAddress& address, const std::string& path);
    /// Makes a Unix address that the kernel gave the guest's own, or one without a name if the
    /// guest has not bound it: names of the host are not shown.
    void translate(io::AddressBuffer& address) const;

private:
    mutable std::mutex mutex_;  // guards names_; no other lock is taken under it
    std::unordered_map<std::string, std::string> names_;
};

}  // namespace wasmax::wasix
