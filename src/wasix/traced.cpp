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
struct ThreadRecorder {
    std::unique_ptr<trace::Recorder> recorder;
    const trace::Target* target = nullptr;
    std::uint32_t watch = 0;  // the recording that was joined, or could not be
};
thread_local ThreadRecorder current;

/// A forked child is another thread to the tracer: the parent's slot is not its own.
void forget_in_child() {
    (void)current.recorder.release();  // NOLINT(bugprone-unused-return-value): the parent has it
    current.watch = 0;
    io::kernel_observer = nullptr;
}

[[gnu::noinline, gnu::cold]] trace::Recorder* join(Caller& caller, std::uint32_t watch) {
    static const int forking = ::pthread_atfork(nullptr, nullptr, forget_in_child);
    (void)forking;  // out of memory: a forked child's records would mix with its parent's
    current.recorder.reset();
    current.target = caller.process.trace_target();
    current.watch = watch;
    current.recorder =
        caller.process.trace_target()->join(watch, static_cast<std::int32_t>(caller.thread.tid));
    return current.recorder.get();
}

trace::Recorder* recorder_of(Caller& caller) {
    const std::uint32_t watch = caller.process.watch();
    if (watch == 0) {
        return nullptr;  // switched off since the entry looked
    }
    if (current.watch != watch || current.target != caller.process.trace_target()) [[unlikely]] {
        return join(caller, watch);
    }
    return current.recorder.get();
}

}  // namespace

TracedCall::TracedCall(Caller& caller, SyscallId id)
    : process_(caller.process), recorder_(recorder_of(caller)) {
    if (recorder_ != nullptr) [[likely]] {
        call_ = recorder_->begin(static_cast<std::uint16_t>(id));
        outer_ = io::kernel_observer;
        io::kernel_observer = this;
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

void stop_recording_thread() { current = {}; }

}  // namespace wasmax::wasix
