#pragma once

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <span>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/stop.h"

namespace wasmax::lab {

using Clock = std::chrono::steady_clock;

/// While it lives, SIGINT, SIGTERM and SIGHUP no longer end this process: every wait of the lab
/// returns instead, so that servers are stopped and results are written. The destructor restores
/// the signal mask. Threads: create it while the process has one thread.
class Interrupt {
public:
    [[nodiscard]] static Result<Interrupt, Error> create();
    Interrupt(Interrupt&&) = default;
    Interrupt& operator=(Interrupt&&) = delete;
    ~Interrupt();

    /// Waits until one of `fds` is ready (true), `deadline` has passed (false), or a signal arrived
    /// (Stop); after the first signal every wait stops at once. Fills `revents` as poll(2) does.
    /// Errors: host, when poll(2) fails.
    [[nodiscard]] Attempt<bool> wait(std::span<pollfd> fds, Clock::time_point deadline);

private:
    Interrupt(UniqueFd signal_fd, const sigset_t& previous_mask)
        : signal_fd_(std::move(signal_fd)), previous_mask_(previous_mask) {}

    UniqueFd signal_fd_;
    sigset_t previous_mask_;
    int signal_ = 0;  // the signal that arrived
};

}  // namespace wasmax::lab
