#pragma once

#include <bit>
#include <cstdint>

#include "wasix/dispatch.h"
#include "wasix/params.h"
#include "wasix/syscalls.h"

namespace wasmax::wasix {

// The rows of hot paths: their handlers are compiled into their entries, once for each width of
// addresses, so that nothing of the caller lies in memory and nobody asks how wide addresses are.
// The file that defines such a handler has WASIX_FUSE(module, name) behind it.

/// The address of a fused row's entry.
template <SyscallId Id, class Address>
const void* fused_entry();

template <SyscallId Id>
inline constexpr bool kIsFused = false;

#define WASIX_FUSED(module, name)                                         \
    template <>                                                           \
    inline constexpr bool kIsFused<SyscallId::module##_##name> = true;    \
    template <>                                                           \
    const void* fused_entry<SyscallId::module##_##name, std::uint32_t>(); \
    template <>                                                           \
    const void* fused_entry<SyscallId::module##_##name, std::uint64_t>();
WASIX_FUSED(wasi_snapshot_preview1, fd_read)
WASIX_FUSED(wasi_snapshot_preview1, fd_write)
WASIX_FUSED(wasi_snapshot_preview1, fd_pread)
WASIX_FUSED(wasi_snapshot_preview1, fd_pwrite)
WASIX_FUSED(wasi_snapshot_preview1, sock_recv)
WASIX_FUSED(wasi_snapshot_preview1, sock_send)
#undef WASIX_FUSED

/// What a row's results are.
template <SyscallId Id>
struct ResultsOf;
#define WASIX_RESULTS(...) TypeList<__VA_ARGS__>
#define SYSCALL(module, name, results, parameters, wait, status) \
    template <>                                                  \
    struct ResultsOf<SyscallId::module##_##name> {               \
        using type = WASIX_RESULTS results;                      \
    };
#include "wasix/syscalls.def"
#undef WASIX_RESULTS

template <SyscallId Id, auto* Handler, class Address>
const void* entry_address() {
    // NOLINTNEXTLINE(bugprone-bitwise-pointer-cast): a function's address as the runtime takes it.
    return std::bit_cast<const void*>(
        &EntryOf<Id, Handler, Address, typename ResultsOf<Id>::type>::call);
}

/// The entry of a row, fused or not.
template <SyscallId Id, auto* Handler, class Address>
const void* entry_of() {
    if constexpr (kIsFused<Id>) {
        return fused_entry<Id, Address>();
    } else {
        return entry_address<Id, Handler, Address>();
    }
}

#define WASIX_FUSE(module, name)                                                          \
    template <>                                                                           \
    const void* fused_entry<SyscallId::module##_##name, std::uint32_t>() {                \
        return entry_address<SyscallId::module##_##name, &module::name, std::uint32_t>(); \
    }                                                                                     \
    template <>                                                                           \
    const void* fused_entry<SyscallId::module##_##name, std::uint64_t>() {                \
        return entry_address<SyscallId::module##_##name, &module::name, std::uint64_t>(); \
    }

}  // namespace wasmax::wasix
