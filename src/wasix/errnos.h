#pragma once

#include <cstdint>

#include "io/backend.h"

namespace wasmax::wasix {

/// Why a guest's system call failed: the rows of errnos.def. wasix: errno
enum class Errno : std::uint16_t {
#define ERRNO(number, name, host) name = number,
#define HOST_ERRNO(host, name)
#include "wasix/errnos.def"
};

/// The row's name, such as `badf`; `unknown` for a number without a row.
[[nodiscard]] const char* to_string(Errno error);

/// What the guest is told when the host fails with `error`; `io` for a value without a row.
[[nodiscard]] Errno from_host(io::HostErrno error);

/// Likewise for sockets, where a refusal by permission is `perm`. wasix: 6.21
[[nodiscard]] Errno from_host_network(io::HostErrno error);

/// The host value that stands for `error`, or 0 if there is none.
[[nodiscard]] int to_host(Errno error);

}  // namespace wasmax::wasix
