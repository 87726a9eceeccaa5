#pragma once

#include <sys/types.h>
#include <termios.h>

#include <atomic>
#include <mutex>

#include "base/result.h"
#include "base/unique_fd.h"
#include "wasix/errnos.h"

namespace wasmax::wasix {

/// The terminal's settings before a guest changed them, which come back when its process ends.
/// Threads: any.
class TerminalSettings {
public:
    TerminalSettings() = default;
    ~TerminalSettings() { restore(); }
    TerminalSettings(const TerminalSettings&) = delete;
    TerminalSettings& operator=(const TerminalSettings&) = delete;

    /// Remembers `settings`, which the terminal `fd` has, the first time only. Errors: mfile (the
    /// descriptor could not be duplicated).
    [[nodiscard]] Result<void, Errno> keep(int fd, const termios& settings);

    /// Gives the terminal its first settings back, if they were changed. Async-signal-safe. On a
    /// thread with files of its own (io/thread_files.h) only if it is one of descriptors 0 to 2.
    void restore() noexcept;

private:
    std::mutex mutex_;  // for keep(); no other lock is taken under it
    UniqueFd fd_;
    termios before_{};
    dev_t device_ = 0;
    std::atomic<bool> kept_{false};  // after it is true, neither changes
};

}  // namespace wasmax::wasix
