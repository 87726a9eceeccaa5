#include "launch/run_guest.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "io/backend.h"
#include "io/batch.h"
#include "io/direct.h"
#include "io/thread_files.h"
#include "launch/confinement.h"
#include "launch/grants.h"
#include "launch/imports.h"
#include "launch/invocation.h"
#include "runtime/artifact.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "trace/schema.h"
#include "trace/target.h"
#include "wasix/outcome.h"
#include "wasix/process.h"
#include "wasix/signals.h"
#include "wasix/thread_group.h"
#include "wasix/trace_schema.h"
#include "wasix/traced.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::launch {
namespace {

/// A start function that ends the guest or traps does so before `_start` is called.
Result<wasix::Outcome, Error> outcome_of(runtime::InstantiateError&& error,
                                         const std::string& name) {
    if (auto* trap = std::get_if<runtime::Trap>(&error)) {
        return wasix::Outcome(runtime::Trapped{std::move(*trap)});
    }
    if (const auto* left = std::get_if<runtime::Left>(&error)) {
        return wasix::Outcome(wasix::Process::exited(*left));
    }
    if (auto* host = std::get_if<Error>(&error)) {
        return fail(std::move(*host).in(name));
    }
    return fail(Error::invalid(name + ": " + runtime::to_string(error)));
}

/// Stops a guest when its time is up. One that cannot be stopped, because it is in a kernel call
/// that nothing interrupts, is ended with the process a while later.
class Deadline {
public:
    Deadline(wasix::Process& process, runtime::ThreadState& thread,
             std::chrono::milliseconds limit) {
        if (limit.count() != 0) {
            watcher_ = std::jthread([this, &process, &thread, limit](const std::stop_token& ended) {
                constexpr std::chrono::seconds kGrace{5};
                io::leave_files_to_others();
                if (!ends_within(limit, ended)) {
                    thread.interruption.request(runtime::Request::stop);
                    if (!ends_within(kGrace, ended)) {
                        process.terminal().restore();
                        ::_exit(kExitTrap);
                    }
                }
            });
        }
    }

private:
    bool ends_within(std::chrono::milliseconds time, const std::stop_token& ended) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, ended, time, [&] { return ended.stop_requested(); });
    }

    std::mutex mutex_;  // guards nothing: what changes is the stop token
    std::condition_variable_any changed_;
    std::jthread watcher_;
};

/// Guests may have more files than most processes are given by default: as many as the
/// administrator lets this one have, but for a few that its calls need while they last. Without
/// those, a guest that has opened all could not even rename a file.
void share_file_limit(wasix::ProcessOptions& options) {
    constexpr rlim_t kMostOwn = 64;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return;
    }
    if (files.rlim_cur < files.rlim_max) {
        const rlim_t before = std::exchange(files.rlim_cur, files.rlim_max);
        if (::setrlimit(RLIMIT_NOFILE, &files) != 0) {
            files.rlim_cur = before;
        }
    }
    const rlim_t left = files.rlim_cur - std::min(kMostOwn, files.rlim_cur / 4);
    options.max_fds = std::min<rlim_t>(options.max_fds, left);
}

constexpr int kExitSignal = 128;

// What the signal handlers of this process look at: signals are the host process's.
constinit std::atomic<wasix::Process*> g_process{nullptr};
constinit std::atomic<int> g_handling{0};     // handlers that use it
constinit std::atomic<bool> g_ending{false};  // a signal has told the guest to end

/// While it lives, signals go to `process`. One at a time: of several, the first one.
class HostSignals {
public:
    explicit HostSignals(wasix::Process& process) {
        wasix::Process* nobody = nullptr;
        mine_ = g_process.compare_exchange_strong(nobody, &process);
    }
    ~HostSignals() {
        if (mine_) {
            g_process = nullptr;
            while (g_handling.load() != 0) {  // on another thread
                ::sched_yield();
            }
        }
    }
    HostSignals(const HostSignals&) = delete;
    HostSignals& operator=(const HostSignals&) = delete;

private:
    bool mine_ = false;
};

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// Whether the guest was given a signal that ends a while ago and has not come to handle it: it
/// computes, and calls no function. Async-signal-safe.
bool ignores_signals(wasix::Process& process) {
    constexpr std::int64_t kPatience_ns = 500'000'000;
    static constinit std::atomic<std::int64_t> asked_at_ns{0};
    const std::int64_t now = now_ns();
    if (process.signals().is_pending_for(process.threads().main())) {
        return now - asked_at_ns.load() > kPatience_ns;
    }
    asked_at_ns = now;
    return false;
}

/// Whether the guest takes the signal, or is made to end by it. Async-signal-safe.
bool give_to_guest(int number, bool ends) {
    bool given = false;
    g_handling.fetch_add(1);
    if (wasix::Process* const process = g_process.load()) {
        given = !(ends && ignores_signals(*process)) && process->signals().take_from_host(number);
        if (!given && ends && !g_ending.exchange(true)) {
            process->threads().end_from_host(static_cast<std::uint8_t>(kExitSignal + number));
            given = true;
        }
    }
    g_handling.fetch_sub(1);
    return given;
}

/// Async-signal-safe.
void restore_terminal() {
    g_handling.fetch_add(1);
    if (wasix::Process* const process = g_process.load()) {
        process->terminal().restore();
    }
    g_handling.fetch_sub(1);
}

/// Without a guest that ends in good order, or at the second time, it ends at once, without a core.
void end_on_signal(int number) {
    const int saved_errno = errno;
    if (!give_to_guest(number, true)) {
        restore_terminal();
        ::_exit(kExitSignal + number);
    }
    errno = saved_errno;
}

/// For signals that are not about ending: what would happen without us, unless the guest takes it.
void pass_on_signal(int number) {
    const int saved_errno = errno;
    if (!give_to_guest(number, false) && number != SIGWINCH && number != SIGCONT) {
        restore_terminal();
        struct sigaction standard{};
        standard.sa_handler = SIG_DFL;
        ::sigaction(number, &standard, nullptr);
        ::raise(number);
    }
    errno = saved_errno;
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;  // what must not be repeated is interrupted by the runtime
    ::sigaction(number, &action, nullptr);
}

/// The guest's code is what `call` runs.
template <class Call>
Result<wasix::Outcome, Error> run(std::shared_ptr<const runtime::Artifact> artifact,
                                  wasix::ProcessOptions options, const GuestLimits& limits,
                                  const Call& call) {
    const std::optional<Confinement> confinement =
        limits.confines_host ? std::optional(confinement_of(artifact->module(), options))
                             : std::nullopt;
    share_file_limit(options);
    std::unique_ptr<trace::Target> target;
    if (options.trace == nullptr) {
        target = TRY(make_trace_target());
        options.trace = target.get();
    }
    // Before the target goes, and on every way out.
    const struct RecordingEnd {
        ~RecordingEnd() { wasix::stop_recording_thread(); }
    } recording_end;
    io::DirectBackend direct;
    io::BatchBackend batch;
    io::Backend& io = limits.io != nullptr ? *limits.io
                      : limits.batches_io  ? static_cast<io::Backend&>(batch)
                                           : direct;
    const auto process = TRY(wasix::Process::create(std::move(options), io));
    if (confinement) {
        TRY(confine(*confinement));
    }
    runtime::StoreOptions store_options;
    if (limits.memory.count != 0) {
        store_options.memory.quota = {limits.memory.count / kWasmPageBytes};
    }
    runtime::Store store(store_options);
    const auto thread = TRY(runtime::ThreadState::create(store));
    process->attach(*thread);
    const Deadline deadline(*process, *thread, limits.time);
    const HostSignals signals(*process);
    const auto imports = bind_imports(artifact->module(), store, *process);
    if (!imports) {
        TRY(check_imports(artifact->module(), artifact->name(), process->on_unknown_import()));
        return fail(imports.error());
    }
    const std::string name = artifact->name();
    auto instance = runtime::Instance::create(store, *thread, std::move(artifact), *imports);
    if (!instance) {
        return process->finish(outcome_of(std::move(instance).error(), name));
    }
    return call(*process, **instance, *thread);
}

}  // namespace

Result<std::unique_ptr<trace::Target>, Error> make_trace_target() {
    return trace::Target::create([] { return wasix::trace_schema().to_text(); });
}

Result<wasix::Outcome, Error> run_guest(std::shared_ptr<const runtime::Artifact> artifact,
                                        wasix::ProcessOptions options, const GuestLimits& limits) {
    return run(
        std::move(artifact), std::move(options), limits,
        [](auto& process, auto& instance, auto& thread) { return process.run(instance, thread); });
}

Result<wasix::Outcome, Error> invoke_guest(const std::shared_ptr<const runtime::Artifact>& artifact,
                                           wasix::ProcessOptions options, const GuestLimits& limits,
                                           const Invocation& invocation, std::string& results) {
    const wasm::Module& module = artifact->module();
    const wasm::Export* const found = module.find_export(invocation.function);
    if (found == nullptr || found->kind != wasm::ExternKind::function) {
        return fail(Error::invalid(artifact->name() + ": the module exports no function `" +
                                   invocation.function + "`"));
    }
    const wasm::FunctionType& type = module.type_of(wasm::FunctionIndex{found->index});
    const std::vector<runtime::Value> arguments = TRY(read_arguments(invocation, type));
    std::vector<runtime::Value> values(type.results.size());
    auto outcome =
        run(artifact, std::move(options), limits, [&](auto& process, auto& instance, auto& thread) {
            return process.run(
                instance, thread,
                {.function = invocation.function, .arguments = arguments, .results = values});
        });
    if (outcome.has_value() && std::holds_alternative<runtime::Returned>(*outcome)) {
        results = to_lines(values, type);
    }
    return outcome;
}

Result<void, Error> check_guest(const runtime::Artifact& artifact,
                                wasix::OnUnknownImport on_unknown) {
    if (!artifact.is_intact()) {
        return fail(Error::invalid(artifact.name() + ": damaged: the checksum is wrong"));
    }
    TRY(check_imports(artifact.module(), artifact.name(), on_unknown));
    wasix::ProcessOptions options;
    options.stdio = {-1, -1, -1};
    options.on_unknown_import = on_unknown;
    io::DirectBackend io;
    const auto process = TRY(wasix::Process::create(std::move(options), io));
    runtime::Store store;
    TRY(bind_imports(artifact.module(), store, *process));
    if (artifact.module().find_export("_start") == nullptr) {
        return fail(Error::invalid(artifact.name() + ": the module exports no function `_start`: " +
                                   "it is a library, not a program"));
    }
    return {};
}

int exit_code(const Result<wasix::Outcome, Error>& outcome, const Frontend& frontend) {
    if (!outcome) {
        frontend.report(outcome.error().message);
        return kExitFailure;
    }
    if (const auto* exited = std::get_if<wasix::Exited>(&*outcome)) {
        return exited->code;
    }
    if (const auto* trapped = std::get_if<runtime::Trapped>(&*outcome)) {
        frontend.report(runtime::to_string(trapped->trap));
        return frontend.trap_exit_code.value_or(kExitTrap);
    }
    return 0;
}

void handle_signals() {
    for (const int number :
         {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGALRM}) {
        struct sigaction current{};
        ::sigaction(number, nullptr, &current);
        // nohup ignores SIGHUP for us. A shell script ignores SIGINT for what it starts with `&`,
        // but there it is how the script ends a server.
        if (number != SIGINT && number != SIGTERM && current.sa_handler == SIG_IGN) {
            continue;
        }
        const bool ends = number == SIGINT || number == SIGTERM || number == SIGHUP;
        handle(number, ends ? end_on_signal : pass_on_signal);
    }
}

}  // namespace wasmax::launch
