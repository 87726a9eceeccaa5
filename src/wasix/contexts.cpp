#include "wasix/contexts.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "abi/trap.h"
#include "abi/type_id.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "base/result.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/fiber.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/table.h"
#include "runtime/thread.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/thread.h"
#include "wasm/types.h"

namespace wasmax::wasix {

/// Why a context goes on that is not merely switched to.
struct Wake {
    enum class Reason : std::uint8_t { none, leave, trap, same_trap };
    Reason reason = Reason::none;
    std::uint64_t leave_reason = 0;                   // leave
    abi::TrapCode code = abi::TrapCode::unreachable;  // trap: the function returned
};

struct Context {
    std::uint64_t id = 0;
    Thread* thread = nullptr;
    runtime::ThreadState* state = nullptr;
    const abi::FuncRef* function = nullptr;
    std::unique_ptr<runtime::Fiber> fiber;
    ResumableCall* resumable = nullptr;  // Thread::resumable, while another runs
    bool has_begun = false;
    Context* canceller = nullptr;  // who waits for its end
    Wake wake;                     // when it goes on next
};

namespace {

const wasm::FunctionType& entry_type() {
    static const wasm::FunctionType type;
    return type;
}

/// The function that a guest's function pointer means: of the table that compilers export, or of
/// the first.
const abi::FuncRef* function_at(const runtime::Instance& instance, std::uint64_t index) {
    const auto found = instance.export_("__indirect_function_table");
    auto* const* const exported = found ? std::get_if<runtime::Table*>(&*found) : nullptr;
    const bool has_table = !instance.module().table_types.empty();
    if (exported == nullptr && !has_table) {
        return nullptr;
    }
    const runtime::Table& table = exported != nullptr ? **exported : instance.table({0});
    if (!table.type().element.is_function_ref()) {
        return nullptr;
    }
    const auto reference = table.get(index);
    const auto* const function =
        reference.has_value() ? static_cast<const abi::FuncRef*>(*reference) : nullptr;
    static const std::optional<abi::TypeId> type = abi::inline_type_id(entry_type());
    return function != nullptr && function->type == type ? function : nullptr;
}

/// What the end of a context means for the thread's own stack.
Wake wake_after(const runtime::CallOutcome& outcome) {
    if (const auto* const left = std::get_if<runtime::Left>(&outcome)) {
        return {.reason = Wake::Reason::leave, .leave_reason = left->reason};
    }
    if (const auto* const trapped = std::get_if<runtime::Trapped>(&outcome)) {
        // Without a place: the call did not even begin.
        return trapped->trap.pc == 0
                   ? Wake{.reason = Wake::Reason::trap, .code = trapped->trap.code}
                   : Wake{.reason = Wake::Reason::same_trap};
    }
    return {.reason = Wake::Reason::trap};
}

}  // namespace

Contexts::Contexts() = default;
Contexts::~Contexts() = default;

Result<std::uint64_t, Errno> Contexts::create(Caller& caller, GuestAddress function) {
    const runtime::Instance* const instance = caller.context.instance;
    const abi::FuncRef* const entry =
        instance == nullptr ? nullptr
                            : function_at(*instance, static_cast<std::uint64_t>(function));
    if (entry == nullptr) {
        return fail(Errno::inval);
    }
    runtime::ThreadState& state = *caller.context.thread;
    if (!caller.process.take_context()) {
        return fail(Errno::nomem);
    }
    auto stack = stacks_.take();
    if (!stack.has_value()) {
        caller.process.give_back_context();
        return fail(Errno::nomem);
    }
    if (current_ == nullptr) {
        auto main = std::make_unique<Context>();
        main->thread = &caller.thread;
        main->state = &state;
        main->fiber = std::make_unique<runtime::Fiber>(state);
        main->has_begun = true;
        current_ = contexts_.emplace(0, std::move(main)).first->second.get();
    }
    auto context = std::make_unique<Context>();
    context->id = ++latest_;
    context->thread = &caller.thread;
    context->state = &state;
    context->function = entry;
    context->fiber = std::make_unique<runtime::Fiber>(state, *std::move(stack), run, context.get());
    contexts_.emplace(latest_, std::move(context));
    return latest_;
}

ContextSwitch Contexts::find(std::uint64_t id) const {
    const std::uint64_t current = current_ == nullptr ? 0 : current_->id;
    if (id == current) {
        return {};
    }
    const auto found = contexts_.find(id);
    return found == contexts_.end() ? ContextSwitch{Errno::inval}
                                    : ContextSwitch{Errno::success, found->second.get()};
}

runtime::Fiber& Contexts::run(void* context) noexcept {
    Context& self = *static_cast<Context*>(context);
    Thread& thread = *self.thread;
    Contexts& all = thread.contexts;
    self.has_begun = true;
    Wake wake;
    {
        const auto outcome = runtime::call(*self.state, *self.function, entry_type(), {}, {});
        wake = wake_after(outcome);
    }
    Context* next = self.canceller;
    if (next == nullptr) {
        next = all.contexts_.at(0).get();
        next->wake = wake;
    }
    all.current_ = next;
    thread.resumable = next->resumable;
    const auto found = all.contexts_.find(self.id);
    all.finished_ = std::move(found->second);
    all.contexts_.erase(found);
    return *next->fiber;
}

/// Returns when somebody switches back.
void Contexts::go_to(Thread& thread, Context& target) noexcept {
    Context& from = *std::exchange(current_, &target);
    from.resumable = std::exchange(thread.resumable, target.resumable);
    from.fiber->switch_to(*target.fiber);
    if (finished_ != nullptr) [[unlikely]] {
        drop(std::move(finished_));
    }
}

// Not instrumented: leave() and the traps do not return, and sanitizers must not count this frame.
[[clang::disable_sanitizer_instrumentation]] void Contexts::switch_to(Thread& thread,
                                                                      Context& target) noexcept {
    Context& self = *thread.contexts.current_;
    thread.contexts.go_to(thread, target);
    if (self.wake.reason == Wake::Reason::none) [[likely]] {
        return;
    }
    const Wake wake = std::exchange(self.wake, {});
    runtime::ThreadState& state = *self.state;
    switch (wake.reason) {
        case Wake::Reason::leave:
            runtime::leave(state, wake.leave_reason);
        case Wake::Reason::trap:
            runtime::raise_trap(state, wake.code);
        case Wake::Reason::same_trap:
            runtime::raise_recorded_trap(state);
        case Wake::Reason::none:
            break;
    }
}

Result<void, Errno> Contexts::destroy(Thread& thread, std::uint64_t id) {
    const std::uint64_t current = current_ == nullptr ? 0 : current_->id;
    if (id == 0 || id == current) {
        return fail(Errno::inval);
    }
    const auto found = contexts_.find(id);
    if (found != contexts_.end()) {
        cancel(thread, *found->second);
    }
    return {};
}

/// One that has begun leaves its frames itself, as a thread that exits does.
void Contexts::cancel(Thread& thread, Context& context) noexcept {
    if (!context.has_begun) {
        const auto found = contexts_.find(context.id);
        auto removed = std::move(found->second);
        contexts_.erase(found);
        drop(std::move(removed));
        return;
    }
    context.canceller = current_;
    context.wake = {.reason = Wake::Reason::leave,
                    .leave_reason = ProcessExit{.code = 0, .only_thread = true}.reason()};
    go_to(thread, context);
}

void Contexts::drop(std::unique_ptr<Context> context) {
    stacks_.give_back(context->fiber->take_stack());
    context->thread->process.give_back_context();
}

void Contexts::end(Thread& thread) {
    if (current_ == nullptr) {
        return;
    }
    WASMAX_ASSERT(current_->id == 0);
    while (contexts_.size() > 1) {
        auto any = contexts_.begin();
        if (any->first == 0) {
            ++any;
        }
        cancel(thread, *any->second);
    }
    contexts_.clear();
    current_ = nullptr;
    stacks_ = {};
}

}  // namespace wasmax::wasix
