#include "wasix/terminal.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "wasix/errnos.h"

namespace wasmax::wasix {

Result<void, Errno> TerminalSettings::keep(int fd, const termios& settings) {
    const std::lock_guard guard(mutex_);
    if (kept_.load()) {
        return {};
    }
    fd_ = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!fd_) {
        return fail(from_host(io::HostErrno{errno}));
    }
    struct stat status{};
    ::fstat(fd_.get(), &status);  // cannot fail: it is open
    device_ = status.st_rdev;
    before_ = settings;
    kept_ = true;
    return {};
}

void TerminalSettings::restore() noexcept {
    if (!kept_.load()) {
        return;
    }
    // From the background it would stop this process. posix: tcsetattr
    sigset_t stop;
    sigset_t before;
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &stop, &before);
    // The terminal may be gone, and nobody cares then.
    if (::tcsetattr(fd_.get(), TCSANOW, &before_) != 0 && errno == EBADF) {
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            struct stat status{};
            if (::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device_) {
                ::tcsetattr(fd, TCSANOW, &before_);
                break;
            }
        }
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace wasmax::wasix
