#include "base/unique_fd.h"

#include <unistd.h>

#include <utility>

namespace wasmax {

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) {
        // Linux releases the descriptor even when close reports EINTR or EIO; nothing to retry.
        ::close(old);
    }
}

}  // namespace wasmax
