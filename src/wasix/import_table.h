#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "wasix/syscalls.h"
#include "wasm/types.h"

namespace wasmax::wasix {

/// How much of a system call there is.
enum class Status : std::uint8_t { full, partial, nosys, notsup };

/// Whether a call may put its thread to sleep in the kernel.
enum class Wait : std::uint8_t { never, may_block };

/// What an import of a row is bound to.
struct SyscallFunction {
    wasm::FunctionType (*type)();
    const void* entry;  ///< what compiled code calls
};

/// A row of syscalls.def, with what was derived from it.
struct Syscall {
    std::string_view module;
    std::string_view name;        ///< of the import
    std::string_view results;     ///< as in the row, such as `(Size, Roflags)`
    std::string_view parameters;  ///< likewise
    Wait wait;
    Status status;
    SyscallFunction narrow;  ///< for guests with 32-bit addresses
    SyscallFunction wide;    ///< with 64-bit addresses
};

/// All rows, in the order of SyscallId.
[[nodiscard]] std::span<const Syscall> syscalls();

/// The row that an import's name stands for, aliases and inherited names included, or null.
[[nodiscard]] const Syscall* find_syscall(std::string_view module, std::string_view name);

/// What to bind to an import of a host module (abi::kHostModules), which asks for `type`.
/// In wasix_64v1, which has the names of wasix_32v1, addresses are i64. In the other modules they
/// are what `type` says: 64-bit guests have no names of their own for preview1 and `thread-spawn`.
/// Errors, with a sentence that names the import: invalid (no such name, with the nearest one that
/// exists; or another type).
[[nodiscard]] Result<runtime::HostFunction, Error> resolve_host_import(
    std::string_view module, std::string_view name, const wasm::FunctionType& type);

/// The page docs/syscalls.md: every row, by module.
[[nodiscard]] std::string syscalls_markdown();

}  // namespace wasmax::wasix
