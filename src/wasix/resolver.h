#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/backend.h"
#include "wasix/address.h"
#include "wasix/errnos.h"
#include "wasix/net_rules.h"

namespace wasmax::wasix {

// Names to addresses without the C library's resolver, which a static executable does not have:
// /etc/hosts, then the servers of /etc/resolv.conf, over UDP and, for long answers, TCP.

/// Where the configuration is. linux: hosts(5), resolv.conf(5)
struct ResolverFiles {
    std::string hosts = "/etc/hosts";
    std::string resolv_conf = "/etc/resolv.conf";
};

/// What resolv.conf says. linux: resolv.conf(5)
struct ResolverConfig {
    std::vector<HostAddress> servers;  ///< at most three; without any, this machine
    std::vector<std::string> search;
    unsigned dots = 1;       ///< a name with so many is first tried as it is
    unsigned timeout_s = 5;  ///< of one question to one server
    unsigned attempts = 2;   ///< how often each server is asked

    /// Lines that say nothing known are ignored. `nameserver [ADDRESS]:PORT` is understood too.
    [[nodiscard]] static ResolverConfig parse(std::string_view text);
};

/// The addresses that hosts(5) text gives `name`, in its order.
[[nodiscard]] std::vector<IpAddress> addresses_in_hosts(std::string_view text,
                                                        std::string_view name);

/// An IPv4 or IPv6 literal, nothing else.
[[nodiscard]] bool parse_literal(std::string_view text, IpAddress& address);

/// The addresses of `name`, at least one: those that this machine has a route to first, and IPv4
/// before IPv6 among each. A literal is its own address. The files are read anew each time. Blocks
/// the calling thread, for as long as resolv.conf allows.
/// Errors: noent (no such name, or it has no address), inval (empty), timedout (no server
/// answered), io (the servers cannot say), and those of socket(2).
[[nodiscard]] Result<std::vector<IpAddress>, Errno> resolve_name(io::Backend& io,
                                                                 const ResolverFiles& files,
                                                                 std::string_view name);

}  // namespace wasmax::wasix
