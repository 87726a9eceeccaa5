#include "wasix/errnos.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "io/backend.h"

namespace wasmax::wasix {
namespace {

constexpr std::size_t kHostErrnos = 134;  // one more than EHWPOISON, Linux's last

/// By host errno.
constexpr std::array<Errno, kHostErrnos> kFromHost = [] {
    std::array<Errno, kHostErrnos> table{};
    table.fill(Errno::io);
#define ERRNO(number, name, host)                            \
    if constexpr ((host) != 0) {                             \
        table[static_cast<std::size_t>(host)] = Errno::name; \
    }
#define HOST_ERRNO(host, name) table[static_cast<std::size_t>(host)] = Errno::name;
#include "wasix/errnos.def"
    return table;
}();

}  // namespace

const char* to_string(Errno error) {
    switch (error) {
#define ERRNO(number, name, host) \
    case Errno::name:             \
        return #name;
#define HOST_ERRNO(host, name)
#include "wasix/errnos.def"
    }
    return "unknown";
}

Errno from_host(io::HostErrno error) {
    const auto index = static_cast<std::size_t>(error);
    return index < kFromHost.size() ? kFromHost[index] : Errno::io;
}

Errno from_host_network(io::HostErrno error) {
    return error == io::HostErrno{EACCES} ? Errno::perm : from_host(error);
}

int to_host(Errno error) {
    switch (error) {
#define ERRNO(number, name, host) \
    case Errno::name:             \
        return host;
#define HOST_ERRNO(host, name)
#include "wasix/errnos.def"
    }
    return 0;
}

}  // namespace wasmax::wasix
