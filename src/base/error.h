#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasmax {

/// Why the host side of wasmax could not do something: for embedders and the command line.
/// Guest-visible failures are wasix::Errno, bad modules are wasm::ModuleError, traps are abi::Trap.
struct Error {
    enum class Kind : std::uint8_t {
        host,         ///< a system call of ours failed: `host_errno` says how
        invalid,      ///< what we were given is wrong (argument, file, module)
        unsupported,  ///< correct, but wasmax cannot do it
        limit,        ///< a limit (memory, time, count) was reached
        internal,     ///< a tool or library we rely on failed
    };

    Kind kind = Kind::internal;
    int host_errno = 0;   ///< errno(3), or 0 when kind is not host
    std::string message;  ///< one sentence: what, where, and what to do if we know

    /// `doing: strerror(host_errno)`; pass errno in the expression that made the call.
    [[nodiscard]] static Error from_errno(int host_errno, std::string_view doing);
    [[nodiscard]] static Error invalid(std::string message);
    [[nodiscard]] static Error unsupported(std::string message);
    [[nodiscard]] static Error limit(std::string message);
    [[nodiscard]] static Error internal(std::string message);

    /// The same error with `context: ` in front of its message.
    [[nodiscard]] Error in(std::string_view context) &&;
};

}  // namespace wasmax
