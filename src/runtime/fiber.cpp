#include "runtime/fiber.h"

#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/impl/sanitizer_stacks.h"
#include "runtime/impl/switch.h"
#include "runtime/mapping.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

/// As behind the stacks of threads: what frames may skip, were they not probed.
constexpr std::uint64_t kGuardBytes = kMiB;
constexpr std::uint64_t kUsedBytes = kFiberStack.count + kHostStackBytes;
constexpr const char* kAllocating = "allocating a stack for a context";

ThreadState::Stack bounds_of(const Mapping& stack) {
    const auto low = reinterpret_cast<std::uintptr_t>(stack.base()) + kGuardBytes;
    return {.limit = low + kHostStackBytes, .low = low, .high = low + kUsedBytes};
}

/// What wasmax_runtime_switch is to find on a new stack.
void* prepare(const ThreadState::Stack& bounds, Fiber* fiber) {
    constexpr std::uintptr_t kRoom = 16;  // the entry, which calls, finds the pointer aligned
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the upper end of a mapping.
    auto* const frame = reinterpret_cast<SwitchFrame*>(bounds.high - kRoom - sizeof(SwitchFrame));
    *frame = {};
    frame->rbx = reinterpret_cast<std::uintptr_t>(fiber);
    frame->pc = reinterpret_cast<std::uintptr_t>(&wasmax_runtime_fiber_entry);
    return frame;
}

}  // namespace

Result<Mapping, Error> FiberStacks::take() {
    if (!free_.empty()) {
        Mapping stack = std::move(free_.back());
        free_.pop_back();
        return stack;
    }
    Mapping stack =
        TRY(Mapping::anonymous(kGuardBytes + kUsedBytes, Mapping::Access::none, kAllocating));
    TRY(stack.access(kGuardBytes, kUsedBytes, Mapping::Access::read_write, kAllocating));
    return stack;
}

void FiberStacks::give_back(Mapping stack) {
    if (free_.size() < kMaxFree) {
        free_.push_back(std::move(stack));
    }
}

Fiber::Fiber(ThreadState& thread) : thread_(thread), bounds_(thread.stack), state_(State::running) {
    WASMAX_ASSERT(thread.fibers == nullptr);
    thread.fibers = this;
}

Fiber::Fiber(ThreadState& thread, Mapping stack, Body body, void* argument)
    : thread_(thread),
      stack_(std::move(stack)),
      bounds_(bounds_of(stack_)),
      state_(State::suspended),
      sp_(prepare(bounds_, this)),
      body_(body),
      argument_(argument),
      next_(thread.fibers) {
    WASMAX_ASSERT(next_ != nullptr);
    next_->previous_ = this;
    thread.fibers = this;
}

Fiber::~Fiber() {
    if (next_ != nullptr) {
        next_->previous_ = previous_;
    }
    (previous_ != nullptr ? previous_->next_ : thread_.fibers) = next_;
}

void Fiber::enter(void** left_fake_stack) noexcept {
    state_ = State::running;
    current_trap_scope().store(scope_, std::memory_order_relaxed);
    thread_.use_stack(bounds_);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the lower end of a stack.
    start_stack_switch(left_fake_stack, reinterpret_cast<const void*>(bounds_.low),
                       bounds_.high - bounds_.low);
}

void Fiber::switch_to(Fiber& next) noexcept {
    WASMAX_ASSERT(state_ == State::running && next.state_ == State::suspended);
    state_ = State::suspended;
    scope_ = current_trap_scope().load(std::memory_order_relaxed);
    next.enter(&fake_stack_);
    wasmax_runtime_switch(&sp_, next.sp_);
    finish_stack_switch(fake_stack_);
}

void Fiber::run() noexcept {
    finish_stack_switch(nullptr);
    Fiber& next = body_(argument_);
    WASMAX_ASSERT(next.state_ == State::suspended);
    state_ = State::finished;
    next.enter(nullptr);
    wasmax_runtime_switch(&sp_, next.sp_);
    __builtin_unreachable();
}

extern "C" void wasmax_runtime_run_fiber(Fiber* fiber) noexcept { fiber->run(); }

std::vector<std::span<const std::uintptr_t>> suspended_stacks(const ThreadState& thread) {
    std::vector<std::span<const std::uintptr_t>> stacks;
    for (const Fiber* fiber = thread.fibers; fiber != nullptr; fiber = fiber->next_) {
        if (fiber->state_ == Fiber::State::suspended) {
            const auto* const words = static_cast<const std::uintptr_t*>(fiber->sp_);
            const std::uintptr_t bytes =
                fiber->bounds_.high - reinterpret_cast<std::uintptr_t>(words);
            stacks.emplace_back(words, bytes / sizeof *words);
        }
    }
    return stacks;
}

}  // namespace wasmax::runtime
