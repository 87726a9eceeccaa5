#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "trace/recorder.h"
#include "trace/shared.h"

namespace wasmax::trace {

/// The side of the watched process: what a tracer finds and switches on. Costs a descriptor and a
/// page until someone does. Outlives the threads it gives recorders to.
class Target {
public:
    /// `schema` is asked for when recording starts, from any thread. Errors: host.
    [[nodiscard]] static Result<std::unique_ptr<Target>, Error> create(
        std::function<std::string()> schema);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    /// 0 while nobody watches.
    [[nodiscard]] const std::atomic<std::uint32_t>& watch() const { return control_->watch; }
    [[nodiscard]] Control& control() { return *control_; }
    [[nodiscard]] int memory_fd() const { return memory_.get(); }

    /// Ends the recording `watch`, whose tracer is gone: it costs nothing any more.
    void abandon(std::uint32_t watch) {
        control_->watch.compare_exchange_strong(watch, 0, std::memory_order_relaxed);
    }

    /// Joins the recording `watch` with the calling thread: a recorder in a slot of its own, or
    /// null if none is free or the tracer's memory is not there.
    [[nodiscard]] std::unique_ptr<Recorder> join(std::uint32_t watch, std::int32_t guest_tid);

private:
    Target(UniqueFd memory, Control* control, std::function<std::string()> schema);
    void publish_schema();

    UniqueFd memory_;
    Control* control_;  // mapped
    std::function<std::string()> schema_;
    std::mutex mutex_;  // held while a thread joins; no other lock is taken under it
};

/// Maps a slot of the shared memory `fd` with its ring twice in a row, so that no record is ever
/// split. Returns its start or null. `unmap_slot` undoes it.
[[nodiscard]] std::byte* map_slot(int fd, std::size_t slot);
void unmap_slot(std::byte* start);

}  // namespace wasmax::trace
