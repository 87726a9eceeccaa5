#include "lab/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/stop.h"

namespace wasmax::lab {

Result<Interrupt, Error> Interrupt::create() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        sigaddset(&signals, signal);
    }
    sigset_t previous;
    if (const int code = pthread_sigmask(SIG_BLOCK, &signals, &previous); code != 0) {
        return fail(Error::from_errno(code, "blocking signals"));
    }
    UniqueFd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) {
        const int code = errno;
        pthread_sigmask(SIG_SETMASK, &previous, nullptr);
        return fail(Error::from_errno(code, "opening a signalfd"));
    }
    return Interrupt(std::move(fd), previous);
}

Interrupt::~Interrupt() {
    if (!signal_fd_) {  // moved from
        return;
    }
    // Repeated signals would otherwise end the process the moment they are unblocked: the caller
    // has been told and is about to exit in order.
    signalfd_siginfo info;
    while (read(signal_fd_.get(), &info, sizeof info) == sizeof info) {
    }
    pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

Attempt<bool> Interrupt::wait(std::span<pollfd> fds, Clock::time_point deadline) {
    std::vector<pollfd> all(fds.begin(), fds.end());
    all.push_back({.fd = signal_fd_.get(), .events = POLLIN, .revents = 0});
    while (signal_ == 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        const int timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
        const int ready = poll(all.data(), all.size(), timeout_ms);
        if (ready < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail(Error::from_errno(errno, "waiting"));
        }
        signalfd_siginfo info;
        if (all.back().revents != 0 && read(signal_fd_.get(), &info, sizeof info) == sizeof info) {
            signal_ = static_cast<int>(info.ssi_signo);
            break;
        }
        for (std::size_t i = 0; i < fds.size(); ++i) {
            fds[i].revents = all[i].revents;
        }
        if (ready > 0 || Clock::now() >= deadline) {
            return ready > 0;
        }
    }
    return fail(Stop::interrupted_by(signal_));
}

}  // namespace wasmax::lab
