#include "wasix/traced.h"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "io/kernel_call.h"
#include "trace/recorder.h"
#include "trace/target.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// A host thread is one guest thread, so its recorder ends with it.
thread_local std::unique_ptr<trace::Recorder> owned;

/// The same without a destructor, which would make every access look for it first.
struct ThreadRecorder {
    trace::Recorder* recorder = nullptr;
    const trace::Target* target = nullptr;
    std::uint32_t watch = 0;  // the recording that was joined, or could not be
};
constinit thread_local ThreadRecorder current;

/// A forked child is another thread to the tracer: the parent's slot is not its own.
void forget_in_child() {
    (void)owned.release();  // NOLINT(bugprone-unused-return-value): the parent has it
    current = {};
    io::kernel_observer = nullptr;
}

[[gnu::noinline, gnu::cold]] trace::Recorder* join(Caller& caller, std::uint32_t watch) {
    static const int forking = ::pthread_atfork(nullptr, nullptr, forget_in_child);
    (void)forking;  // out of memory: a forked child's records would mix with its parent's
    trace::Target* const target = caller.process.trace_target();
    owned.reset();
    owned = target->join(watch, static_cast<std::int32_t>(caller.thread.tid));
    current = {owned.get(), target, watch};
    return current.recorder;
}

trace::Recorder* recorder_of(Caller& caller) {
    const std::uint32_t watch = caller.process.watch();
    if (watch == 0) {
        return nullptr;  // switched off since the entry looked
    }
    if (current.watch != watch || current.target != caller.process.trace_target()) [[unlikely]] {
        return join(caller, watch);
    }
    return current.recorder;
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): call_ would be written twice.
TracedCall::TracedCall(Caller& caller, SyscallId id)
    : process_(caller.process), recorder_(recorder_of(caller)) {
    if (recorder_ != nullptr) [[likely]] {
        call_ = recorder_->begin(static_cast<std::uint16_t>(id));
        outer_ = io::kernel_observer;
        io::kernel_observer = call_.split ? this : nullptr;
    }
}

void TracedCall::end(std::uint32_t error) {
    if (recorder_ != nullptr) [[likely]] {
        io::kernel_observer = outer_;
        recorder_->end(call_, static_cast<std::uint16_t>(error), payload_.bytes());
        if (recorder_->is_abandoned()) [[unlikely]] {
            abandon(*recorder_);
        }
    }
}

void TracedCall::abandon(const trace::Recorder& recorder) {
    process_.trace_target()->abandon(recorder.watch());
}

void stop_recording_thread() {
    current = {};
    owned.reset();
}

}  // namespace wasmax::wasix
