#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "abi/trap.h"
#include "base/error.h"
#include "base/result.h"

namespace wasmax::runtime {

struct ThreadState;

inline constexpr std::uint32_t kMaxTrapFrames = 64;

/// What the signal handler and raise_trap() write before they leave wasm code: plain data.
struct TrapRecord {
    abi::TrapCode code;
    std::uint32_t count;                 ///< of pcs
    std::uintptr_t pcs[kMaxTrapFrames];  ///< the trapping instruction, then return addresses
};

/// One entry from the host into wasm code; scopes nest. Lives on the stack of call().
struct TrapScope {
    ThreadState* thread;
    TrapScope* outer;
    void* landing_stack;   ///< the stack pointer that the landing pad continues with
    std::uint64_t reason;  ///< what leave() was given
};

/// The innermost scope of this thread, or null. Relaxed atomic, as the signal handler reads it.
[[nodiscard]] std::atomic<TrapScope*>& current_trap_scope() noexcept;

/// What an address range means to the trap handler.
enum class RegionKind : std::uint8_t {
    code,    ///< faults inside wasm code are traps
    memory,  ///< a linear memory: out of bounds memory access
    table,   ///< a table's entries: undefined element
};

/// A range of addresses the process-wide trap handler knows while this object lives. Move-only.
/// Threads: any.
class GuardRegion {
public:
    GuardRegion() = default;
    GuardRegion(RegionKind kind, const void* base, std::uint64_t bytes);
    GuardRegion(GuardRegion&& other) noexcept;
    GuardRegion& operator=(GuardRegion&& other) noexcept;
    ~GuardRegion();

private:
    void reset() noexcept;
    std::uintptr_t base_ = 0;
};

/// Handles SIGSEGV, SIGBUS and SIGILL from now on; what is not a trap goes to the handlers that
/// were installed at the first call. Later calls do nothing. Errors: host. Threads: any.
[[nodiscard]] Result<void, Error> install_trap_handler();

/// Gives the calling thread an alternate signal stack unless it has one that is large enough; it
/// lasts until the thread ends. Errors: host. linux: sigaltstack(2)
[[nodiscard]] Result<void, Error> ensure_signal_stack();

/// Whether `pc` lies in a registered code range. Async-signal-safe.
[[nodiscard]] bool is_wasm_code(std::uintptr_t pc) noexcept;

}  // namespace wasmax::runtime
