#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

class OpenFile;
class FileTable;

/// What a guest's epoll descriptor is interested in, beside the kernel's epoll instance: the data
/// that events carry, and which descriptor of the guest each is about. An interest belongs to an
/// open file: a duplicate of a watched descriptor replaces it. Threads: any.
class EpollSet {
public:
    /// Adds or replaces. `epoll` is the host descriptor. Errors: of epoll_ctl(2).
    [[nodiscard]] Result<void, Errno> watch(int epoll, Fd fd, const std::shared_ptr<OpenFile>& file,
                                            const EpollEvent& event);
    /// No error if it was not watched. wasix: 7.2
    void forget(int epoll, const OpenFile& file);

    /// The guest's event for `ready`, which the kernel reported with `key`; nothing if the
    /// interest is gone because its descriptor was closed, perhaps reused. wasix: 7.7
    [[nodiscard]] std::optional<EpollEvent> event(int epoll, const FileTable& files,
                                                  std::uint64_t key, std::uint32_t ready);

private:
    struct Interest {
        Fd fd;
        std::uint32_t generation;  ///< differs from that of an earlier interest in this number
        std::weak_ptr<OpenFile> file;
        EpollEvent event;
    };

    std::mutex mutex_;  // guards all below; a FileTable's is taken under it
    std::unordered_map<int, Interest> interests_;  // by host descriptor
    std::uint32_t generations_ = 0;
};

}  // namespace wasmax::wasix
