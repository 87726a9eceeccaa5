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
    abi::TrapCode code = abi::TrapCode::unreachable;
    bool at_instruction = false;  ///< pcs[0] is the trapping instruction, not a return address
    std::uint32_t count = 0;      ///< of pcs
    std::uintptr_t pcs[kMaxTrapFrames]{};  ///< innermost first
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
    /// `owner` of code is its Artifact.
    GuardRegion(RegionKind kind, const void* base, std::uint64_t bytes,
                const void* owner = nullptr);
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

/// Whether the code that a signal interrupted is wasm code. `context` is what the signal handler
/// got. Async-signal-safe.
[[nodiscard]] bool is_in_wasm(const void* context) noexcept;

/// If it is wasm code, makes the signal handler return to the landing pad instead, as for a trap
/// `code` at the interrupted instruction; else false. Async-signal-safe.
[[nodiscard]] bool land_if_in_wasm(abi::TrapCode code, void* context) noexcept;

/// Fills thread.trap: `pc` unless it is 0, then the return addresses into wasm code that the chain
/// of frame pointers from `frame_pointer` on has. Host frames before the first wasm frame are
/// skipped; the first one after it, where the host entered, is the end. Async-signal-safe.
void record_trap(ThreadState& thread, abi::TrapCode code, std::uintptr_t pc,
                 std::uintptr_t frame_pointer) noexcept;

}  // namespace wasmax::runtime
