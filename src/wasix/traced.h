#pragma once

#include <cstdint>

#include "io/kernel_call.h"
#include "trace/payload.h"
#include "trace/recorder.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// A system call that a tracer may want to hear of, from its entry on. The entry makes one only
/// when somebody watches the process.
class TracedCall final : private io::KernelObserver {
public:
    TracedCall(Caller& caller, SyscallId id);
    ~TracedCall() override = default;

    /// Whether arguments are wanted.
    [[nodiscard]] bool is_full() const { return recorder_ != nullptr && recorder_->is_full(); }
    [[nodiscard]] trace::Payload& payload() { return payload_; }
    /// The call is over, but for what the entry still does.
    void end(std::uint32_t error);

private:
    void enter() override { recorder_->enter_kernel(); }
    void leave() override { recorder_->leave_kernel(); }

    [[gnu::cold]] void abandon(const trace::Recorder& recorder);

    const Process& process_;
    trace::Recorder* recorder_;  // the thread's, or null: it cannot be recorded
    io::KernelObserver* outer_ = nullptr;
    trace::Recorder::Call call_;  // if there is a recorder
    trace::Payload payload_;
};

/// Takes the calling thread's recorder from it, before what it records to is gone.
void stop_recording_thread();

}  // namespace wasmax::wasix
