#include "wasix/resumable_call.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/result.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasix/asyncify.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/outcome.h"
#include "wasix/process.h"
#include "wasix/signals.h"
#include "wasix/stack_snapshots.h"
#include "wasix/thread.h"
#include "wasix/thread_group.h"

namespace wasmax::wasix {
namespace {

/// A guest whose asyncify exports do not do what they are for.
runtime::CallOutcome broken() {
    return runtime::Trapped{{.code = abi::TrapCode::memory_out_of_bounds, .pc = 0, .frames = {}}};
}

}  // namespace

ResumableCall::ResumableCall(runtime::ThreadState& state, const runtime::Function& function)
    : state_(state),
      thread_(*static_cast<Thread*>(state.host)),
      function_(function),
      instance_(state.contexts[function.ref->module]->instance),
      outer_(std::exchange(thread_.resumable, this)) {}

ResumableCall::~ResumableCall() {
    thread_.resumable = outer_;
    if (has_snapshots_) {
        thread_.snapshots.forget(*this);
    }
}

bool ResumableCall::is_within(const ResumableCall* call) const {
    const ResumableCall* at = this;
    while (at != nullptr && at != call) {
        at = at->outer_;
    }
    return at != nullptr;
}

GuestMemory ResumableCall::memory() const {
    return GuestMemory(state_.contexts[function_.ref->module]->memory0, width_);
}

runtime::CallOutcome ResumableCall::run(std::span<const runtime::Value> arguments,
                                        std::span<runtime::Value> results) {
    while (true) {
        auto outcome = runtime::call(state_, *function_.ref, *function_.type, arguments, results);
        const auto* const left = std::get_if<runtime::Left>(&outcome);
        std::optional<runtime::CallOutcome> ended;
        if (std::holds_alternative<runtime::Returned>(outcome) && phase_ == Phase::unwinding) {
            ended = resume_here();
        } else if (left != nullptr && ProcessExit::of(left->reason).resumes &&
                   thread_.resumption.call == this) {
            const Resumption resumption = std::exchange(thread_.resumption, {});
            ended = resume(*resumption.stack, resumption.value);
        } else {
            ended = std::move(outcome);
        }
        if (ended.has_value()) {
            phase_ = Phase::still;
            return *std::move(ended);
        }
    }
}

std::optional<Result<std::uint64_t, Errno>> ResumableCall::take_resumed(const Caller& caller) {
    if (phase_ != Phase::winding || caller.context.instance != instance_) {
        return std::nullopt;
    }
    const bool returned = step(Asyncify::Step::stop_rewind, 0);
    phase_ = Phase::still;
    if (returned && thread_.process.signals().is_pending_for(thread_)) {
        state_.interruption.request(runtime::Request::visit);  // it was put off
    }
    return std::exchange(value_, 0);
}

Result<void, Errno> ResumableCall::unwind(const Caller& caller, Unwound then) {
    if (phase_ != Phase::still) {
        return fail(Errno::inval);
    }
    if (!asyncify_.has_value() && instance_ != nullptr && caller.context.instance == instance_) {
        width_ = caller.memory.width();
        asyncify_ = Asyncify::of(*instance_, width_);
    }
    if (!asyncify_.has_value() || caller.context.instance != instance_) {
        return fail(Errno::notsup);
    }
    const StackBounds bounds = thread_.stack;
    const std::uint64_t pointer = stack_pointer(*instance_, bounds);
    const std::uint64_t header = Asyncify::header_bytes(width_);
    // In this order: nothing wraps around.
    if (pointer > bounds.high || bounds.low >= pointer || pointer - bounds.low <= header ||
        bounds.high - pointer > kMaxSnapshotBytes || bounds.high > caller.memory.bytes()) {
        return fail(Errno::overflow);
    }
    TRY(Asyncify::store(caller.memory, bounds.low, {bounds.low + header, pointer}));
    phase_ = Phase::unwinding;
    if (!step(Asyncify::Step::start_unwind, bounds.low)) {
        phase_ = Phase::still;
        return fail(Errno::notsup);
    }
    bounds_ = bounds;
    pointer_ = pointer;
    then_ = std::move(then);
    has_snapshots_ = true;
    return {};
}

std::optional<runtime::CallOutcome> ResumableCall::resume_here() {
    const GuestMemory guest = memory();
    if (!step(Asyncify::Step::stop_unwind, 0)) {
        return broken();
    }
    const std::uint64_t first = bounds_.low + Asyncify::header_bytes(width_);
    const auto buffer = Asyncify::load(guest, bounds_.low);
    if (!buffer.has_value() || buffer->start < first || buffer->start > pointer_) {
        return broken();
    }
    const auto frames = guest.view(first, buffer->start - first);
    const auto c_stack = guest.view(pointer_, bounds_.high - pointer_);
    if (!frames.has_value() || !c_stack.has_value()) {
        return broken();
    }
    const Unwound then = std::exchange(then_, nullptr);
    value_ = then({.bounds = bounds_,
                   .pointer = pointer_,
                   .frames = {frames->begin(), frames->end()},
                   .c_stack = {c_stack->begin(), c_stack->end()},
                   .globals = save_globals(*instance_)});
    // All is still in its place, and other threads may be writing to this one's C stack.
    return wind_up(bounds_, buffer->start);
}

std::optional<runtime::CallOutcome> ResumableCall::resume(const SavedStack& stack,
                                                          std::uint64_t value) {
    const GuestMemory guest = memory();
    const std::uint64_t first = stack.bounds.low + Asyncify::header_bytes(width_);
    const auto frames = guest.view(first, stack.frames.size());
    const auto c_stack = guest.view(stack.pointer, stack.c_stack.size());
    if (!frames.has_value() || !c_stack.has_value()) {
        return broken();  // not possible: memories do not shrink
    }
    std::ranges::copy(stack.c_stack, c_stack->begin());
    std::ranges::copy(stack.frames, frames->begin());
    restore_globals(*instance_, stack.globals);
    value_ = value;
    return wind_up(stack.bounds, first + stack.frames.size());
}

std::optional<runtime::CallOutcome> ResumableCall::wind_up(const StackBounds& bounds,
                                                           std::uint64_t start) {
    phase_ = Phase::winding;
    if (!Asyncify::store(memory(), bounds.low, {start, bounds.high}).has_value() ||
        !step(Asyncify::Step::start_rewind, bounds.low)) {
        return broken();
    }
    return std::nullopt;
}

bool ResumableCall::step(Asyncify::Step step, std::uint64_t data) {
    if (!asyncify_.has_value()) {
        return false;  // nothing unwound before
    }
    auto outcome = asyncify_->call(state_, step, data);
    if (auto* const trapped = std::get_if<runtime::Trapped>(&outcome)) {
        thread_.process.threads().end(Outcome(std::move(*trapped)));  // stops this thread, too
        return false;
    }
    if (const auto* const left = std::get_if<runtime::Left>(&outcome)) {
        thread_.process.threads().end(Outcome(Process::exited(*left)));
        return false;
    }
    return true;
}

}  // namespace wasmax::wasix
