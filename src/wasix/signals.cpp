#include "wasix/signals.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/outcome.h"
#include "wasix/process.h"
#include "wasix/resumable_call.h"
#include "wasix/thread.h"
#include "wasix/thread_group.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

constexpr int kMaxSignal = 63;  // a bit each
constexpr int kExitBase = 128;  // as a shell reports a signal. wasix: 9.4

// The guest's numbers are Linux's, and so are the host's. wasix: 9.1
constexpr std::array kIgnoredByDefault{SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
constexpr std::array kStops{SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

bool contains(const auto& numbers, int number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

constexpr std::uint64_t bit(int number) { return std::uint64_t{1} << number; }

Result<int, Errno> number_of(Signal signal) {
    const int number = static_cast<int>(signal);
    if (number > kMaxSignal) {
        return fail(Errno::inval);
    }
    return number;
}

}  // namespace

void Signals::set_callback(const Caller& caller, std::string_view name) {
    registered_ = true;
    const auto found =
        caller.context.instance == nullptr ? std::nullopt : caller.context.instance->export_(name);
    const auto* function = found ? std::get_if<runtime::Function>(&*found) : nullptr;
    const wasm::FunctionType expected{{wasm::ValueType::i32}, {}};
    if (function == nullptr || function->ref == nullptr || *function->type != expected) {
        caller.thread.blocks_signals = true;
        return;
    }
    const runtime::Function* const before = callback_.load();
    if (before == nullptr || before->ref != function->ref) {
        const std::lock_guard guard(mutex_);
        callback_ = &callbacks_.emplace_back(*function);
    }
    caller.thread.blocks_signals = false;
    if (is_pending_for(caller.thread)) {
        caller.context.thread->interruption.request(runtime::Request::visit);
    }
}

bool Signals::act_by_default(int number) {
    if (number == SIGSTOP || (!registered_ && contains(kStops, number))) {
        ::kill(::getpid(), SIGSTOP);
        return true;
    }
    if (number == SIGKILL || (!registered_ && !contains(kIgnoredByDefault, number))) {
        process_.threads().end(Outcome(Exited{static_cast<std::uint8_t>(kExitBase + number)}));
        return true;
    }
    return !registered_;
}

void Signals::make_pending(std::atomic<std::uint64_t>& set, int number, Thread& thread) {
    set.fetch_or(bit(number));
    runtime::ThreadState* const state = thread.state;
    if (state != nullptr && !is_blocked_by(thread)) {
        state->interruption.request(runtime::Request::visit);
    }
}

Result<void, Errno> Signals::send_to_process(Signal signal) {
    const int number = TRY(number_of(signal));
    if (number == 0 || act_by_default(number)) {
        return {};
    }
    pending_.fetch_or(bit(number));
    process_.threads().find_thread([&](Thread& thread) {
        if (is_blocked_by(thread)) {
            return false;
        }
        make_pending(pending_, number, thread);
        return true;
    });
    return {};
}

Result<void, Errno> Signals::send_to(Tid tid, Signal signal) {
    const int number = TRY(number_of(signal));
    const bool found = process_.threads().with_thread(tid, [](Thread&) {});
    if (!found) {
        return fail(Errno::srch);
    }
    if (number == 0 || act_by_default(number)) {
        return {};
    }
    process_.threads().with_thread(
        tid, [&](Thread& thread) { make_pending(thread.pending_signals, number, thread); });
    return {};
}

bool Signals::take_from_host(int number) noexcept {
    if (callback_.load() == nullptr) {
        return false;
    }
    make_pending(pending_, number, process_.threads().main());
    return true;
}

void Signals::pass_on(const Thread& main) {
    if (pending_.load() == 0) {
        return;
    }
    process_.threads().find_thread([&](Thread& thread) {
        if (&thread == &main || is_blocked_by(thread)) {
            return false;
        }
        thread.state.load()->interruption.request(runtime::Request::visit);
        return true;
    });
}

std::optional<int> Signals::take(Thread& thread) {
    for (std::atomic<std::uint64_t>* const set : {&thread.pending_signals, &pending_}) {
        std::uint64_t pending = set->load();
        while (!is_blocked_by(thread) && (pending & ~thread.handled_signals) != 0) {
            const int number = std::countr_zero(pending & ~thread.handled_signals);
            if (set->compare_exchange_weak(pending, pending & ~bit(number))) {
                return number;
            }
        }
    }
    return std::nullopt;
}

runtime::VisitOutcome Signals::deliver(runtime::ThreadState& state, Thread& thread, int number) {
    const runtime::Function& callback = *callback_.load();
    const std::array arguments{runtime::Value::i32(static_cast<std::uint32_t>(number))};
    thread.handled_signals |= bit(number);
    auto outcome = ResumableCall(state, callback).run(arguments, {});
    thread.handled_signals &= ~bit(number);
    if (const auto* left = std::get_if<runtime::Left>(&outcome)) {
        return left->reason;  // wasix: 9.10
    }
    if (auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
        process_.threads().end(Outcome(std::move(*trapped)));  // stops this thread, too
    }
    return std::nullopt;
}

runtime::VisitOutcome Signals::visit(runtime::ThreadState& state) noexcept {
    Thread& thread = *static_cast<Thread*>(state.host);
    Signals& signals = thread.process.signals();
    if (thread.resumable != nullptr && thread.resumable->is_moving()) {
        return std::nullopt;  // it asks for another visit when its stack is there
    }
    while (!state.interruption.is_requested(runtime::Request::stop)) {
        const auto number = signals.take(thread);
        if (!number.has_value()) {
            break;
        }
        if (const auto left = signals.deliver(state, thread, *number)) {
            return left;
        }
    }
    return std::nullopt;
}

}  // namespace wasmax::wasix
