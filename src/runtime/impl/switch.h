#pragma once

#include <cstddef>
#include <cstdint>

namespace wasmax::runtime {

class Fiber;

/// What wasmax_runtime_switch finds where it left a stack, lowest first.
struct SwitchFrame {
    std::uintptr_t r15 = 0;
    std::uintptr_t r14 = 0;
    std::uintptr_t r13 = 0;
    std::uintptr_t r12 = 0;
    std::uintptr_t rbx = 0;
    std::uintptr_t rbp = 0;
    std::uintptr_t pc = 0;
};
static_assert(offsetof(SwitchFrame, pc) == 48);

extern "C" {
/// Stores the stack pointer in `*left` and goes on at `next`, which it stored before, or which is
/// a SwitchFrame. Returns when somebody switches back.
void wasmax_runtime_switch(void** left, void* next) noexcept;
/// Not a function: the pc of a new stack, with the Fiber in rbx.
// NOLINTNEXTLINE(readability-identifier-naming): a label, named like the functions.
extern const char wasmax_runtime_fiber_entry;
[[noreturn]] void wasmax_runtime_run_fiber(Fiber* fiber) noexcept;
}

}  // namespace wasmax::runtime
