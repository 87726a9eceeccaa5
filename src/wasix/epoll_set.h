#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/result.h"
#include "io/backend.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

class OpenFile;
class FileTable;

/// What a guest's epoll descriptor is interested in, beside the kernel's epoll instance: the data
/// that events carry, and which descriptor of the guest each is about. As on Linux an interest
/// belongs to a descriptor and its file: a duplicate of a watched one can be watched, too.
/// Threads: any.
class EpollSet {
public:
    enum class Existing : std::uint8_t { refuse, replace };

    /// Adds the interest in `fd`, which stands for `file` in `files`. `epoll` is the host
    /// descriptor. Errors: exist (there is one, to be refused); those of epoll_ctl(2) and fcntl(2).
    [[nodiscard]] Result<void, Errno> watch(int epoll, const FileTable& files, Fd fd,
                                            const std::shared_ptr<OpenFile>& file,
                                            const EpollEvent& event, Existing existing);
    /// No error if it was not watched. wasix: 7.2
    void forget(int epoll, Fd fd, const OpenFile& file);

    /// The guest's event for `ready`, which the kernel reported with `key`; nothing if the
    /// interest is gone because its descriptor was closed, perhaps reused. wasix: 7.7
    [[nodiscard]] std::optional<EpollEvent> event(int epoll, const FileTable& files,
                                                  std::uint64_t key, std::uint32_t ready);

private:
    struct Interest {
        Fd fd;
        std::uint32_t generation;  ///< differs from that of an earlier interest in this number
        const OpenFile* address;   ///< of the file, unless it is gone
        std::weak_ptr<OpenFile> file;
        /// An inherited one, which is kept open: if others have it open, the kernel goes on to
        /// report it, and only who has the descriptor can put an end to that.
        std::shared_ptr<OpenFile> kept;
        EpollEvent event;
    };

    [[nodiscard]] const Interest* find(int host_fd, const OpenFile& file) const;
    [[nodiscard]] Result<int, io::HostErrno> choose(const FileTable& files, Fd fd, OpenFile& file);

    std::mutex mutex_;  // guards all below; a FileTable's and an OpenFile's are taken under it
    std::unordered_map<int, Interest> interests_;  // by host descriptor
    std::uint32_t generations_ = 0;
};

}  // namespace wasmax::wasix
