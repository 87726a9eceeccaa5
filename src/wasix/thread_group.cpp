#include "wasix/thread_group.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "abi/trap.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "runtime/wait_queue.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/outcome.h"
#include "wasix/process.h"
#include "wasix/resumable_call.h"
#include "wasix/signals.h"
#include "wasix/stack_snapshots.h"
#include "wasix/thread.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

/// As large as a native thread's usually is. Only what is touched costs memory.
constexpr Bytes kThreadStack{8 * kMiB};
constexpr const char* kStartExport = "wasi_thread_start";
/// libc's locks have room for 29 bits. wasix: 8.3
constexpr std::int32_t kMaxTid = (std::int32_t{1} << 29) - 1;

/// Nothing if the module has no such export.
std::optional<runtime::Function> start_function(const runtime::Instance& instance) {
    const auto found = instance.export_(kStartExport);
    const auto* function = found ? std::get_if<runtime::Function>(&*found) : nullptr;
    const wasm::FunctionType narrow{{wasm::ValueType::i32, wasm::ValueType::i32}, {}};
    const wasm::FunctionType wide{{wasm::ValueType::i32, wasm::ValueType::i64}, {}};
    if (function == nullptr || function->ref == nullptr ||
        (*function->type != narrow && *function->type != wide)) {
        return std::nullopt;
    }
    return *function;
}

/// Where the C stack is that thread_start describes, if `start_arg` is the address of one: its
/// first word is the upper end, and one further back its size. wasix: 8.2
StackBounds stack_of(const runtime::ThreadState& state, const runtime::Function& start,
                     std::uint64_t start_arg) {
    constexpr Size kWords = 16;
    constexpr Size kStack = 0;
    constexpr Size kStackSize = 14;
    const auto width = start.type->parameters[1] == wasm::ValueType::i64 ? AddressWidth::bits64
                                                                         : AddressWidth::bits32;
    const GuestMemory memory(state.contexts[start.ref->module]->memory0, width);
    const GuestSpan<const GuestAddress> words{start_arg, kWords};
    if (!memory.check(words).has_value()) {
        return {};
    }
    const auto high = static_cast<std::uint64_t>(memory.at(words, kStack));
    const auto bytes = static_cast<std::uint64_t>(memory.at(words, kStackSize));
    return {.low = high - std::min(bytes, high), .high = high};
}

const std::uint32_t* word(const std::atomic<std::uint32_t>& counter) {
    static_assert(sizeof counter == sizeof(std::uint32_t));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what a wait queue looks at.
    return reinterpret_cast<const std::uint32_t*>(&counter);
}

}  // namespace

ThreadGroup::ThreadGroup(Process& process, Tid main, std::size_t max_threads)
    : process_(process),
      max_threads_(max_threads),
      main_{process, main},
      latest_tid_(static_cast<std::int32_t>(main)) {}

ThreadGroup::~ThreadGroup() = default;

void ThreadGroup::attach(runtime::ThreadState& state) {
    state.host = &main_;
    state.visitor = Signals::visit;
    const std::lock_guard guard(mutex_);
    main_.state = &state;
}

Result<Thread*, Errno> ThreadGroup::add(const runtime::Instance& original) {
    const std::lock_guard guard(mutex_);
    if (outcome_.has_value() || threads_.size() + 1 >= max_threads_) {
        return fail(Errno::again);
    }
    Tid tid{};
    do {
        latest_tid_ =
            latest_tid_ == kMaxTid ? static_cast<std::int32_t>(main_.tid) + 1 : latest_tid_ + 1;
        tid = Tid{latest_tid_};
    } while (threads_.contains(tid));
    auto thread = std::unique_ptr<Thread>(new Thread{process_, tid, &original});
    return threads_.emplace(tid, std::move(thread)).first->second.get();
}

void ThreadGroup::remove(Tid tid) {
    const std::lock_guard guard(mutex_);
    threads_.erase(tid);
    ended_.fetch_add(1);
    // With the lock held: without it, the last thread that ends may find the group gone.
    waiters_.notify(&ended_, std::numeric_limits<std::uint32_t>::max());
}

bool ThreadGroup::publish(Thread& thread, runtime::ThreadState* state) {
    const std::lock_guard guard(mutex_);
    thread.state = state;
    if (state != nullptr && process_.signals().is_pending_for(thread)) {  // sent before now
        state->interruption.request(runtime::Request::visit);
    }
    return !outcome_.has_value();
}

Result<Tid, Errno> ThreadGroup::spawn(const Caller& caller, std::uint64_t start_arg) {
    // Not the caller's own instance: that ends with its thread.
    const runtime::Instance* const original =
        caller.thread.original != nullptr ? caller.thread.original : caller.context.instance;
    const auto start = original == nullptr ? std::nullopt : start_function(*original);
    if (!start) {
        return fail(Errno::notcapable);
    }
    process_.files().share_between_threads();
    Thread* const thread = TRY(add(*original));
    const Tid tid = thread->tid;
    const auto started = runtime::start_thread(
        kThreadStack, [this, thread, start, start_arg] { run(*thread, *start, start_arg); });
    if (!started) {
        remove(tid);
        return fail(Errno::again);
    }
    return tid;
}

void ThreadGroup::run(Thread& thread, const runtime::Function& start, std::uint64_t start_arg) {
    const Tid tid = thread.tid;
    {
        const auto state =
            runtime::ThreadState::create(thread.original->store(), {.stack = kThreadStack});
        if (!state.has_value()) {
            end(fail(Error(state.error()).in("a thread of the program")));
        } else {
            (*state)->host = &thread;
            (*state)->visitor = Signals::visit;
            std::optional<Result<Outcome, Error>> ended;
            if (publish(thread, state->get())) {
                ended = call_start(thread, **state, start, start_arg);
                thread.contexts.end(thread);
            }
            (void)publish(thread, nullptr);
            if (ended.has_value()) {
                end(*std::move(ended));
            }
        }
    }
    remove(tid);
}

std::optional<Result<Outcome, Error>> ThreadGroup::call_start(Thread& thread,
                                                              runtime::ThreadState& state,
                                                              const runtime::Function& start,
                                                              std::uint64_t start_arg) {
    const auto left = [](const runtime::Left& how) -> std::optional<Result<Outcome, Error>> {
        if (ProcessExit::of(how.reason).only_thread) {
            return std::nullopt;
        }
        return Outcome(Process::exited(how));
    };
    auto instance = thread.original->replicate(state);
    if (!instance.has_value()) {
        if (const auto* how = std::get_if<runtime::Left>(&instance.error())) {
            return left(*how);
        }
        if (auto* trap = std::get_if<runtime::Trap>(&instance.error())) {
            return Outcome(runtime::Trapped{std::move(*trap)});
        }
        return fail(Error::limit("starting a thread of the program: " +
                                 runtime::to_string(instance.error())));
    }
    const std::array arguments{
        runtime::Value::i32(static_cast<std::uint32_t>(static_cast<std::int32_t>(thread.tid))),
        start.type->parameters[1] == wasm::ValueType::i64
            ? runtime::Value::i64(start_arg)
            : runtime::Value::i32(static_cast<std::uint32_t>(start_arg))};
    thread.stack = stack_of(state, start, start_arg);
    auto outcome = ResumableCall(state, start).run(arguments, {});
    if (const auto* how = std::get_if<runtime::Left>(&outcome)) {
        return left(*how);
    }
    // A thread that was stopped traps too, but then the process has its outcome.
    if (auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
        return Outcome(std::move(*trapped));
    }
    return std::nullopt;
}

Result<void, Errno> ThreadGroup::join(const Caller& caller, Tid tid) {
    if (tid == caller.thread.tid || tid == main_.tid) {
        return tid == caller.thread.tid ? fail(Errno::deadlk) : Result<void, Errno>();
    }
    while (true) {
        const std::uint32_t seen = ended_.load();
        {
            const std::lock_guard guard(mutex_);
            if (!threads_.contains(tid)) {
                return {};
            }
        }
        if (waiters_.wait(word(ended_), seen, std::nullopt) ==
            runtime::WaitQueue::Outcome::interrupted) {
            return fail(Errno::intr);
        }
    }
}

void ThreadGroup::end(Result<Outcome, Error> outcome) {
    const std::lock_guard guard(mutex_);
    if (outcome_.has_value()) {
        return;
    }
    const int host_exit = host_exit_.load();
    outcome_ = host_exit == kNoExit ? std::move(outcome)
                                    : Outcome(Exited{static_cast<std::uint8_t>(host_exit)});
    const auto stop = [](const Thread& thread) {
        if (runtime::ThreadState* const state = thread.state) {
            state->interruption.request(runtime::Request::stop);
        }
    };
    stop(main_);
    for (const auto& [tid, thread] : threads_) {
        stop(*thread);
    }
}

void ThreadGroup::end_from_host(std::uint8_t code) noexcept {
    host_exit_.store(code);
    if (runtime::ThreadState* const state = main_.state) {
        state->interruption.request(runtime::Request::stop);
    }
}

bool ThreadGroup::is_main_stopped() const {
    const runtime::ThreadState* const state = main_.state;
    return state != nullptr && state->interruption.is_requested(runtime::Request::stop);
}

std::optional<Result<Outcome, Error>> ThreadGroup::wait() {
    // Signals of the host's come to the main thread, which may have ended before the others: then
    // it looks now and then whether it has some to pass on.
    constexpr auto kInterval = std::chrono::milliseconds(50);
    while (true) {
        process_.signals().pass_on(main_);
        if (host_exit_.load() != kNoExit) {
            end(Outcome(Exited{}));
        } else if (is_main_stopped()) {
            end(Outcome(
                runtime::Trapped{{.code = abi::TrapCode::interrupted, .pc = 0, .frames = {}}}));
        }
        const std::uint32_t seen = ended_.load();
        {
            const std::lock_guard guard(mutex_);
            if (threads_.empty()) {
                main_.state = nullptr;
                return outcome_;
            }
        }
        (void)waiters_.wait(word(ended_), seen, runtime::WaitQueue::after(kInterval));
    }
}

bool ThreadGroup::with_thread(Tid tid, const std::function<void(Thread&)>& visit) {
    const std::lock_guard guard(mutex_);
    if (tid == main_.tid) {
        visit(main_);
        return true;
    }
    const auto found = threads_.find(tid);
    if (found == threads_.end()) {
        return false;
    }
    visit(*found->second);
    return true;
}

bool ThreadGroup::find_thread(const std::function<bool(Thread&)>& visit) {
    const std::lock_guard guard(mutex_);
    if (main_.state != nullptr && visit(main_)) {
        return true;
    }
    for (const auto& [tid, thread] : threads_) {
        if (thread->state != nullptr && visit(*thread)) {
            return true;
        }
    }
    return false;
}

}  // namespace wasmax::wasix
