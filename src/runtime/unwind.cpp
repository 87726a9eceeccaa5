#include "runtime/impl/unwind.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "abi/exception.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "runtime/artifact.h"
#include "runtime/exception_heap.h"
#include "runtime/fiber.h"
#include "runtime/impl/enter.h"
#include "runtime/impl/region_map.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/tag.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"
#include "runtime/value.h"

// Throwing: docs/decisions/0007. Nothing here returns to compiled code by returning, and what the
// frames of functions marked so own is never destroyed, so they own nothing.
namespace wasmax::runtime {
namespace {

/// What a function that keeps a frame pointer has at its address.
struct NativeFrame {
    std::uintptr_t caller;
    std::uintptr_t return_address;
};

/// The saved registers of CallerFrame by abi::SavedRegister.
constexpr std::array<std::uintptr_t CallerFrame::*, abi::kSavedRegisters> kSaved{
    &CallerFrame::rbx, &CallerFrame::r12, &CallerFrame::r13, &CallerFrame::r14, &CallerFrame::r15};

template <class T>
const T* at(std::uintptr_t address) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a place on the stack, by its frame pointer.
    return reinterpret_cast<const T*>(address);
}

/// Turns the frame of a function into that of its caller. `saved` says where it saved what.
[[clang::disable_sanitizer_instrumentation]] void step(CallerFrame& frame, std::uint32_t saved) {
    for (const auto reg : kSaved) {
        const std::uint32_t place = saved & abi::kMaxSavedPlace;
        if (place != 0) {
            frame.*reg = *at<std::uintptr_t>(frame.rbp - place * sizeof(std::uintptr_t));
        }
        saved >>= abi::kSavedPlaceBits;
    }
    const NativeFrame* const native = at<NativeFrame>(frame.rbp);
    frame.sp = frame.rbp + sizeof(NativeFrame);
    frame.pc = native->return_address;
    frame.rbp = native->caller;
}

/// Moves `frame` to the landing pad of the innermost call that has one; false if none has before
/// the host's code. Adds the calls on the way to the trace, but for the first if that is `traced`.
bool find_landing_pad(ThreadState& thread, CallerFrame& frame, bool traced) {
    ThrowTrace& trace = thread.throw_trace;
    const RegionReader regions;
    const Region* region = nullptr;
    for (;;) {
        const std::uintptr_t call = frame.pc - 1;
        if (region == nullptr || call < region->base || call >= region->end) {
            region = regions->find(call);
        }
        if (region == nullptr || region->kind != RegionKind::code) {
            return false;
        }
        if (!traced && trace.count < trace.pcs.size()) {
            trace.pcs[trace.count++] = frame.pc;
        }
        traced = false;
        const auto site = static_cast<const Artifact*>(region->owner)->call_site(call);
        if (!site.has_value()) {
            return false;  // of a module that no exception can reach: its caller is as good as host
        }
        if (site->landing_pad != 0) {
            frame.pc = site->landing_pad;
            trace.landed_at = frame.rbp;
            return true;
        }
        if (frame.rbp < thread.stack.low || frame.rbp > thread.stack.high - sizeof(NativeFrame)) {
            return false;
        }
        step(frame, site->saved);
    }
}

/// Leaves the function of `frame` with the exception.
[[noreturn, clang::disable_sanitizer_instrumentation]] void unwind(ThreadState& thread,
                                                                   abi::Exception* exception,
                                                                   CallerFrame& frame) noexcept {
    if (thread.interruption.is_requested()) {
        attend(thread);
    }
    ThrowTrace& trace = thread.throw_trace;
    // Where a function caught the exception and throws it on, the list goes on with its caller.
    const bool passes_on = trace.exception == exception && trace.landed_at == frame.rbp;
    trace.exception = exception;
    trace.count = passes_on ? trace.count : 0;
    if (find_landing_pad(thread, frame, passes_on)) {
        wasmax_runtime_resume(&frame, exception);
    }
    TrapRecord& record = thread.trap;
    record.code = abi::TrapCode::uncaught_exception;
    record.at_instruction = false;
    record.count = trace.count;
    std::copy_n(trace.pcs.begin(), record.count, record.pcs);
    const TrapScope* const scope = current_trap_scope().load(std::memory_order_relaxed);
    wasmax_runtime_land(scope->landing_stack, Landing::trapped);
}

/// As pushed by throw_x86_64.S, with the member that is not.
CallerFrame whole_frame(const CallerFrame& pushed) {
    CallerFrame frame = pushed;
    frame.sp = reinterpret_cast<std::uintptr_t>(&pushed.sp);
    return frame;
}

/// Of the payload in the spill slots.
abi::Exception* create_exception(abi::VmContext& context, const Tag& tag,
                                 const CallerFrame& caller) {
    ThreadState& thread = *context.thread;
    const auto* const payload = reinterpret_cast<const Value*>(context.spill);
    const auto* const stack = reinterpret_cast<const std::uintptr_t*>(&caller);
    const std::uintptr_t bytes = thread.stack.high - reinterpret_cast<std::uintptr_t>(stack);
    return thread.exceptions.create(tag, {payload, tag.type().parameters.size()},
                                    {stack, bytes / sizeof(std::uintptr_t)},
                                    [&thread] { return suspended_stacks(thread); });
}

}  // namespace

extern "C" {

[[clang::disable_sanitizer_instrumentation]] void wasmax_runtime_throw(
    abi::VmContext* context, std::uint32_t tag, const CallerFrame* caller) noexcept {
    ThreadState& thread = *context->thread;
    abi::Exception* const exception =
        create_exception(*context, context->instance->tag({tag}), *caller);
    if (exception == nullptr) {
        raise_trap(thread, abi::TrapCode::host_memory_exhausted);
    }
    CallerFrame frame = whole_frame(*caller);
    thread.throw_trace.exception = nullptr;
    unwind(thread, exception, frame);
}

[[clang::disable_sanitizer_instrumentation]] void wasmax_runtime_rethrow(
    abi::VmContext* context, abi::Exception* exception, const CallerFrame* caller) noexcept {
    ThreadState& thread = *context->thread;
    CallerFrame frame = whole_frame(*caller);
    unwind(thread, exception, frame);
}
}

}  // namespace wasmax::runtime
