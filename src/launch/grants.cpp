#include "launch/grants.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "launch/duration.h"
#include "launch/run_guest.h"
#include "wasix/files.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/resolver.h"

namespace wasmax::launch {
namespace {

using Apply = Result<void, Error> (*)(Grants& grants, std::string_view value,
                                      std::string_view spelling);

Error wrong_value(std::string_view spelling, std::string_view expected, std::string_view value) {
    return Error::invalid(std::string(spelling) + " takes " + std::string(expected) + ", not `" +
                          std::string(value) + "`");
}

/// Rules add to earlier rules; the last of the plain option and rules counts.
Result<void, Error> grant_network(Grants& grants, std::string_view value,
                                  std::string_view spelling) {
    if (value.empty()) {
        grants.network = true;
        grants.net_rules.reset();
        return {};
    }
    auto rules = wasix::NetRules::parse(value);
    if (!rules) {
        return fail(std::move(rules).error().in(spelling));
    }
    grants.network = true;
    if (grants.net_rules) {
        grants.net_rules->add(std::move(*rules));
    } else {
        grants.net_rules = std::move(*rules);
    }
    return {};
}

Result<void, Error> forward_host_env(Grants& grants, std::string_view /*value*/,
                                     std::string_view /*spelling*/) {
    grants.forward_host_env = true;
    return {};
}

/// Replaces the variable that `entry` sets, or adds it.
void set_variable(std::vector<std::string>& env, std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    std::erase_if(env, [&](const std::string& other) { return other.starts_with(name); });
    env.emplace_back(entry);
}

Result<void, Error> grant_variable(Grants& grants, std::string_view value,
                                   std::string_view spelling) {
    const auto equals = value.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return fail(wrong_value(spelling, "NAME=VALUE", value));
    }
    set_variable(grants.env, value);
    return {};
}

/// nullopt: no decimal number, or too large a one.
std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(count)
                                                                    : std::nullopt;
}

/// An IPv6 address is in brackets.
Result<void, Error> grant_listener(Grants& grants, std::string_view value,
                                   std::string_view spelling) {
    constexpr std::uint64_t kMaxPort = 65'535;
    const auto colon = value.rfind(':');
    std::string_view host = value.substr(0, colon);
    const auto port =
        colon == std::string_view::npos ? std::nullopt : parse_count(value.substr(colon + 1));
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    wasix::IpAddress address;
    if (!port || *port > kMaxPort || !wasix::parse_literal(host, address) ||
        bracketed != (address.bits != 32)) {
        return fail(wrong_value(spelling, "ADDRESS:PORT, such as 127.0.0.1:8080", value));
    }
    grants.listeners.push_back({address, static_cast<std::uint16_t>(*port)});
    return {};
}

constexpr std::string_view kReadOnly = ":ro";

/// Without GUEST the guest sees the host's name.
Result<void, Error> grant_directory(Grants& grants, std::string_view value,
                                    std::string_view spelling) {
    const auto colon = value.find(':');
    const std::string_view host = value.substr(0, colon);
    std::string_view guest = colon == std::string_view::npos ? host : value.substr(colon + 1);
    const bool read_only = guest.ends_with(kReadOnly);
    if (read_only) {
        guest.remove_suffix(kReadOnly.size());
    }
    if (host.empty() || guest.empty()) {
        return fail(wrong_value(spelling, "HOST[:GUEST[:ro]]", value));
    }
    grants.directories.push_back({std::string(host), std::string(guest), read_only});
    return {};
}

Result<void, Error> grant_mapped_directory(Grants& grants, std::string_view value,
                                           std::string_view spelling) {
    const auto colon = value.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == value.size()) {
        return fail(wrong_value(spelling, "GUEST:HOST", value));
    }
    grants.directories.push_back(
        {std::string(value.substr(colon + 1)), std::string(value.substr(0, colon)), false});
    return {};
}

Result<void, Error> set_time_limit(Grants& grants, std::string_view value,
                                   std::string_view spelling) {
    const auto limit = parse_duration(value);
    if (!limit) {
        return fail(wrong_value(spelling, kDurationForms, value));
    }
    grants.time_limit = *limit;
    return {};
}

Result<void, Error> set_trap_exit_code(Grants& grants, std::string_view value,
                                       std::string_view spelling) {
    constexpr int kMost = 255;
    int code = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), code);
    if (error != std::errc() || end != value.data() + value.size() || code < 0 || code > kMost) {
        return fail(wrong_value(spelling, "a number from 0 to 255", value));
    }
    grants.trap_exit_code = code;
    return {};
}

/// Bytes, or KiB, MiB and GiB as `64K`, `512M` and `4G`; at least one page.
Result<void, Error> set_memory_limit(Grants& grants, std::string_view value,
                                     std::string_view spelling) {
    constexpr std::string_view kUnits = "KMG";
    constexpr unsigned kUnitBits = 10;
    std::string_view number = value;
    unsigned shift = 0;
    if (const auto unit = number.empty() ? std::string_view::npos : kUnits.find(number.back());
        unit != std::string_view::npos) {
        number.remove_suffix(1);
        shift = kUnitBits * (static_cast<unsigned>(unit) + 1);
    }
    const auto count = parse_count(number);
    if (!count || *count > (std::numeric_limits<std::uint64_t>::max() >> shift) ||
        *count << shift < kWasmPageBytes) {
        return fail(wrong_value(spelling, "a size of at least 64K, such as 512M or 4G", value));
    }
    grants.memory_limit = {*count << shift};
    return {};
}

Result<void, Error> set_max_fds(Grants& grants, std::string_view value, std::string_view spelling) {
    const auto count = parse_count(value);
    if (!count || *count == 0 || *count > wasix::FileTable::kMaxDescriptors) {
        return fail(wrong_value(spelling, "a number from 1 to 65536", value));
    }
    grants.max_fds = static_cast<std::size_t>(*count);
    return {};
}

Result<void, Error> set_max_threads(Grants& grants, std::string_view value,
                                    std::string_view spelling) {
    const auto count = parse_count(value);
    if (!count || *count == 0 || *count > wasix::kDefaultMaxThreads) {
        return fail(wrong_value(spelling, "a number from 1 to 16384", value));
    }
    grants.max_threads = static_cast<std::size_t>(*count);
    return {};
}
static_assert(wasix::kDefaultMaxThreads == 16'384, "what the message above says");

Result<void, Error> leave_host_open(Grants& grants, std::string_view /*value*/,
                                    std::string_view /*spelling*/) {
    grants.confines_host = false;
    return {};
}

Result<void, Error> set_unknown_imports(Grants& grants, std::string_view value,
                                        std::string_view spelling) {
    if (value != "trap" && value != "refuse") {
        return fail(wrong_value(spelling, "`trap` or `refuse`", value));
    }
    grants.on_unknown_import =
        value == "trap" ? wasix::OnUnknownImport::trap : wasix::OnUnknownImport::refuse;
    return {};
}

Result<void, Error> set_io(Grants& grants, std::string_view value, std::string_view spelling) {
    if (value != "batch" && value != "direct") {
        return fail(wrong_value(spelling, "`batch` or `direct`", value));
    }
    grants.batches_io = value == "batch";
    return {};
}

constexpr std::array kOptions{
    GrantOption{"net", "RULES",
                "Let the program use the host's network: all of it, or what RULES allow, such as "
                "ipv4:allow=127.0.0.1:8080/in or dns:allow=*.example.com:443 (docs/network.md)",
                true},
    GrantOption{"listen", "ADDRESS:PORT",
                "Give the program a socket that listens there, as the first descriptor after those "
                "of its directories (3 without any), and LISTEN_FDS"},
    GrantOption{"env", "NAME=VALUE", "Give the program an environment variable"},
    GrantOption{"forward-host-env", "", "Give the program all variables of this environment"},
    GrantOption{"dir", "HOST[:GUEST[:ro]]",
                "Give the program a directory of the host, under another name if GUEST is given, "
                "to read only with :ro"},
    GrantOption{"volume", "HOST[:GUEST[:ro]]", "The same as dir"},
    GrantOption{"mapdir", "GUEST:HOST", "The same, the guest's name first"},
    GrantOption{"timeout", "DURATION", "Stop the program with a trap after a time such as 10s"},
    GrantOption{"trap-exit-code", "N", "The exit code when the program traps (default 134)"},
    GrantOption{"max-memory", "SIZE", "Let no memory of the program grow beyond a size such as 1G"},
    GrantOption{"max-fds", "N", "Let the program have at most N files and sockets open"},
    GrantOption{"max-threads", "N", "Let the program have at most N threads"},
    GrantOption{"no-host-confinement", "",
                "Leave this process what the program was not granted (docs/confinement.md)"},
    GrantOption{"unknown-imports", "trap|refuse",
                "What becomes of a program with imports that wasmax does not have: it traps where "
                "it calls one, or is not run (default)"},
    GrantOption{"io", "batch|direct",
                "Spare the kernel work where the program cannot tell (default), or make each call "
                "as it comes (docs/io.md)"},
};
constexpr std::array<Apply, kOptions.size()> kApply{
    grant_network,   grant_listener,         grant_variable,  forward_host_env,    grant_directory,
    grant_directory, grant_mapped_directory, set_time_limit,  set_trap_exit_code,  set_memory_limit,
    set_max_fds,     set_max_threads,        leave_host_open, set_unknown_imports, set_io};

void report_missing(wasix::Capability capability, const Frontend& frontend) {
    const std::string prefix(frontend.option_prefix);
    switch (capability) {
        case wasix::Capability::network:
            frontend.report("the program asked for the network, which needs " + prefix + "net");
            break;
        case wasix::Capability::directories:
            frontend.report("the program asked for a file, but was given no directory: " + prefix +
                            "dir HOST[:GUEST]");
            break;
    }
}

}  // namespace

std::span<const GrantOption> grant_options() { return kOptions; }

Result<void, Error> grant(Grants& grants, std::string_view name, std::string_view value,
                          std::string_view spelling) {
    for (std::size_t row = 0; row < kOptions.size(); ++row) {
        if (kOptions[row].name == name) {
            return kApply[row](grants, value, spelling);
        }
    }
    return fail(Error::invalid("unknown option `" + std::string(spelling) + "`"));
}

GuestLimits guest_limits(const Grants& grants) {
    return {.time = grants.time_limit,
            .memory = grants.memory_limit,
            .confines_host = grants.confines_host,
            .batches_io = grants.batches_io};
}

wasix::ProcessOptions process_options(const Grants& grants, std::vector<std::string> arguments,
                                      Frontend frontend) {
    wasix::ProcessOptions options;
    options.args = std::move(arguments);
    if (grants.forward_host_env) {
        for (char* const* entry = environ; *entry != nullptr; ++entry) {
            options.env.emplace_back(*entry);
        }
    }
    for (const std::string& entry : grants.env) {
        set_variable(options.env, entry);
    }
    if (!grants.listeners.empty()) {
        set_variable(options.env, "LISTEN_FDS=" + std::to_string(grants.listeners.size()));
    }
    options.preopens = grants.directories;
    options.listeners = grants.listeners;
    options.network = grants.network ? wasix::Network::all : wasix::Network::none;
    if (grants.net_rules) {
        options.net_policy = std::make_shared<wasix::NetPolicy>(*grants.net_rules);
    }
    if (grants.max_fds != 0) {
        options.max_fds = grants.max_fds;
    }
    if (grants.max_threads != 0) {
        options.max_threads = grants.max_threads;
    }
    options.on_unknown_import = grants.on_unknown_import;
    options.on_unknown_import_called = [frontend](const std::string& name) {
        frontend.report("the program called " + name +
                        ", which wasmax does not have (--unknown-imports=trap)");
    };
    options.on_missing_capability = [frontend](wasix::Capability capability) {
        report_missing(capability, frontend);
    };
    return options;
}

}  // namespace wasmax::launch
