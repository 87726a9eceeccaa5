#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/exception.h"
#include "abi/vm_context.h"

namespace wasmax::runtime {

/// The registers of a function of compiled code at a call, in the order in which
/// throw_x86_64.S pushes them.
struct CallerFrame {
    std::uintptr_t r15;
    std::uintptr_t r14;
    std::uintptr_t r13;
    std::uintptr_t r12;
    std::uintptr_t rbx;
    std::uintptr_t rbp;
    std::uintptr_t pc;  ///< where the call returns to, or where to go instead
    std::uintptr_t sp;  ///< when it has returned; not pushed, it is the address of this member
};
static_assert(offsetof(CallerFrame, rbp) == 40 && offsetof(CallerFrame, sp) == 56);

extern "C" {
/// The builtins of these names: enter the functions below with the registers of their caller.
void wasmax_runtime_throw_exception(abi::VmContext* context, std::uint32_t tag) noexcept;
void wasmax_runtime_rethrow_exception(abi::VmContext* context, void* exception) noexcept;
/// Goes to `frame.pc` with the frame's registers and the exception. Not through C++ frames that
/// have something to destroy.
[[noreturn]] void wasmax_runtime_resume(const CallerFrame* frame,
                                        abi::Exception* exception) noexcept;

/// Both go to the landing pad of the innermost call in compiled code, from `caller` on, that has
/// one. Without one before the entry from the host that entry returns Trapped: uncaught_exception.
/// A new exception has the payload that is in the spill slots. wasm: exec-throw
[[noreturn]] void wasmax_runtime_throw(abi::VmContext* context, std::uint32_t tag,
                                       const CallerFrame* caller) noexcept;
/// wasm: exec-throw-ref
[[noreturn]] void wasmax_runtime_rethrow(abi::VmContext* context, abi::Exception* exception,
                                         const CallerFrame* caller) noexcept;
}

}  // namespace wasmax::runtime
