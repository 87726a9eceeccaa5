#include "launch/run_guest.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "io/direct.h"
#include "launch/confinement.h"
#include "launch/grants.h"
#include "launch/imports.h"
#include "runtime/artifact.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "trace/schema.h"
#include "trace/target.h"
#include "wasix/process.h"
#include "wasix/trace_schema.h"
#include "wasix/traced.h"

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
    Deadline(runtime::ThreadState& thread, std::chrono::milliseconds limit) {
        if (limit.count() != 0) {
            watcher_ = std::jthread([this, &thread, limit](const std::stop_token& ended) {
                constexpr std::chrono::seconds kGrace{5};
                if (!ends_within(limit, ended)) {
                    thread.interruption.request(runtime::Request::stop);
                    if (!ends_within(kGrace, ended)) {
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
/// administrator lets this one have.
void raise_file_limit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);  // otherwise the guest gets along with fewer
    }
}

/// Ends the process without a core and without unwinding the guest.
void end_on_signal(int number) { ::_exit(128 + number); }

}  // namespace

Result<std::unique_ptr<trace::Target>, Error> make_trace_target() {
    return trace::Target::create([] { return wasix::trace_schema().to_text(); });
}

Result<wasix::Outcome, Error> run_guest(std::shared_ptr<const runtime::Artifact> artifact,
                                        wasix::ProcessOptions options, const GuestLimits& limits) {
    const std::optional<Confinement> confinement =
        limits.confines_host ? std::optional(confinement_of(artifact->module(), options))
                             : std::nullopt;
    raise_file_limit();
    std::unique_ptr<trace::Target> target;
    if (options.trace == nullptr) {
        target = TRY(make_trace_target());
        options.trace = target.get();
    }
    // Before the target goes, and on every way out.
    const struct RecordingEnd {
        ~RecordingEnd() { wasix::stop_recording_thread(); }
    } recording_end;
    io::DirectBackend io;
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
    const Deadline deadline(*thread, limits.time);
    const auto imports = TRY(bind_imports(artifact->module(), store));
    const std::string name = artifact->name();
    auto instance = runtime::Instance::create(store, *thread, std::move(artifact), imports);
    if (!instance) {
        return outcome_of(std::move(instance).error(), name);
    }
    return process->run(**instance, *thread);
}

Result<void, Error> check_guest(const runtime::Artifact& artifact) {
    if (!artifact.is_intact()) {
        return fail(Error::invalid(artifact.name() + ": damaged: the checksum is wrong"));
    }
    TRY(check_imports(artifact.module(), artifact.name()));
    runtime::Store store;
    TRY(bind_imports(artifact.module(), store));
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

void end_on_termination_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction current{};
        ::sigaction(number, nullptr, &current);
        // nohup ignores SIGHUP for us. A shell script ignores SIGINT for what it starts with `&`,
        // but there it is how the script ends a server.
        if (number == SIGHUP && current.sa_handler == SIG_IGN) {
            continue;
        }
        struct sigaction action{};
        action.sa_handler = end_on_signal;
        ::sigaction(number, &action, nullptr);
    }
}

}  // namespace wasmax::launch
