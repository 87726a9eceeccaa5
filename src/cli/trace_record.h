#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/shared.h"
#include "trace/target.h"
#include "trace/tracer.h"

namespace wasmax::cli {

/// Where records go.
struct RecordOptions {
    trace::Mode mode = trace::Mode::full;
    std::string path;  ///< of the trace file
    Bytes limit{4 * kGiB};
    /// Makes the sink for live text instead of a file; called in the process that records.
    std::function<std::unique_ptr<trace::Sink>(const trace::Recording&)> live;
};

/// Records until the process ends or `should_stop` says so, on the calling thread. Returns why it
/// ended. Errors: host (the disk is full), invalid; nothing is recorded any more then.
[[nodiscard]] Result<std::string, Error> record(trace::Tracer& tracer, const RecordOptions& options,
                                                const std::function<bool()>& should_stop);

/// Records the running process `pid` until Ctrl-C, its end, or so many seconds (0: no limit), and
/// reports what goes wrong. Says `message` on stdout when recording is on. Returns the exit code.
[[nodiscard]] int record_process(pid_t pid, const RecordOptions& options, double seconds,
                                 const std::string& message);

/// Runs a native program with the library of twin/ in it and records it. Returns its exit code, or
/// that of a failure that was reported.
[[nodiscard]] int record_native(const std::vector<std::string>& command,
                                const RecordOptions& options);

/// A process that records this one, so that what was recorded survives whatever ends it.
class RecorderProcess {
public:
    /// Returns when recording is on. Threads: the calling process must be single-threaded.
    /// Errors: host (the file, fork), invalid.
    [[nodiscard]] static Result<RecorderProcess, Error> start(const trace::Target& target,
                                                              const RecordOptions& options);
    /// Waits until all is written; the guest must have ended.
    void finish(trace::Target& target);

private:
    explicit RecorderProcess(UniqueFd done) : done_(std::move(done)) {}
    UniqueFd done_;  // ends when the recorder does
};

/// `aggregate`, or a file's name, as --trace takes it. `program` names the file if there is none.
[[nodiscard]] RecordOptions record_options(const std::string& value);

/// `64M`, `2G`, or bytes. Errors: invalid.
[[nodiscard]] Result<Bytes, Error> parse_size(const std::string& text);

}  // namespace wasmax::cli
