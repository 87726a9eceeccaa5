#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "wasix/address.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/unknown_imports.h"

namespace wasmax::launch {

/// What a guest gets beyond memory and time, and what becomes of it. Nothing unless an option
/// grants it.
struct Grants {
    bool network = false;
    std::optional<wasix::NetRules> net_rules;  ///< of that network, only what they allow
    bool forward_host_env = false;
    std::vector<std::string> env;  ///< NAME=VALUE; a later one replaces an earlier one of that name
    std::vector<wasix::Preopen> directories;
    std::vector<wasix::IpEndpoint> listeners;
    std::chrono::milliseconds time_limit{0};  ///< 0: none
    Bytes memory_limit{0};                    ///< 0: none
    std::size_t max_fds = 0;                  ///< 0: as many as there are
    std::size_t max_threads = 0;              ///< 0: as many as there are
    bool confines_host = true;
    bool batches_io = true;  ///< io::BatchBackend, else io::DirectBackend
    wasix::OnUnknownImport on_unknown_import = wasix::OnUnknownImport::refuse;
    std::optional<int> trap_exit_code;
};

/// An option that grants something: `wasmax run --NAME`, or `PROGRAM --wasmax-NAME` for a program
/// made by create-exe.
struct GrantOption {
    std::string_view name;
    std::string_view value;  ///< what it takes, such as `NAME=VALUE`; empty for a flag
    std::string_view help;
    bool value_is_optional = false;
};

[[nodiscard]] std::span<const GrantOption> grant_options();

/// Adds what the option `name`, a row of grant_options(), grants with `value`. `spelling` is how
/// the user wrote the option. Errors: invalid, a sentence about `spelling`.
[[nodiscard]] Result<void, Error> grant(Grants& grants, std::string_view name,
                                        std::string_view value, std::string_view spelling);

struct GuestLimits;

/// How a program talks to its user.
struct Frontend {
    std::string_view option_prefix;  ///< `--` or `--wasmax-`; a literal
    void (*report)(const std::string& message);
    std::optional<int> trap_exit_code{};  ///< of the host process; kExitTrap unless it is given
};

/// What of `grants` is about the host process, which runs nothing but this guest.
[[nodiscard]] GuestLimits guest_limits(const Grants& grants);

/// The process that `grants` describe, with this process's environment if they forward it.
[[nodiscard]] wasix::ProcessOptions process_options(const Grants& grants,
                                                    std::vector<std::string> arguments,
                                                    Frontend frontend);

}  // namespace wasmax::launch
