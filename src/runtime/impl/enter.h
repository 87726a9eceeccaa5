#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/calling_convention.h"
#include "abi/vm_context.h"
#include "runtime/value.h"

namespace wasmax::runtime {

/// How wasm code was left; enter_x86_64.S knows `returned` as 0.
enum class Landing : std::uint8_t { returned = 0, trapped = 1, left = 2 };

/// What enter_x86_64.S loads into registers before the call and stores after it. It knows the
/// offsets.
struct EnterBlock {
    Value xmms[abi::kParameterXmms];
    std::uint64_t gprs[abi::kParameterGprs];
    const void* code;
    abi::VmContext* context;
    std::uint64_t result_gprs[abi::kResultGprs];
    Value result_xmms[abi::kResultXmms];
};
static_assert(offsetof(EnterBlock, gprs) == 128 && offsetof(EnterBlock, code) == 168 &&
              offsetof(EnterBlock, context) == 176 && offsetof(EnterBlock, result_gprs) == 184 &&
              offsetof(EnterBlock, result_xmms) == 208);

/// What stack_check saves with XSAVE: SSE, AVX and the three parts of AVX-512. enter_x86_64.S knows
/// both.
inline constexpr std::uint32_t kXsaveComponents = 0xe6;
inline constexpr std::uint32_t kXsaveBytes = 2752;

extern "C" {
/// Calls wasm code. Stores the stack pointer for the landing pad first.
Landing wasmax_runtime_enter(EnterBlock* block, void** landing_stack) noexcept;
/// Makes the wasmax_runtime_enter() that stored `landing_stack` return `landing`.
[[noreturn]] void wasmax_runtime_land(void* landing_stack, Landing landing) noexcept;
/// Not a function: where the signal handler resumes, with rsp = landing_stack and eax = the
/// Landing.
// NOLINTNEXTLINE(readability-identifier-naming): a label, named like the functions.
extern const char wasmax_runtime_landing_pad;
/// The builtin: keeps every register, calls wasmax_runtime_check_stack.
void wasmax_runtime_stack_check(abi::VmContext* context) noexcept;
/// `frame` is the frame address of the wasm function. Traps, or returns when there was another
/// reason to visit.
void wasmax_runtime_check_stack(abi::VmContext* context, std::uintptr_t frame) noexcept;
}

}  // namespace wasmax::runtime
