#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/close_log.h"
#include "io/operation.h"
#include "io/perform.h"

namespace wasmax::io {

/// A thread's memory of the large set it polls again and again: an epoll set of the kernel's that
/// holds the same descriptors, so that the kernel need not look at each of them in every call. What
/// a poll answers is the same with it as without. Holds one host descriptor while it is active, and
/// memory in proportion to the largest set and descriptor. Threads: its own.
/// (decisions 0015)
class PollMirror {
public:
    /// Smaller sets are polled as they are.
    static constexpr std::size_t kLeastEntries = 65;
    /// How often a set must have come in a row before it is mirrored: the cost of adding its
    /// descriptors is that of some ten polls.
    static constexpr unsigned kPatience = 3;

    PollMirror() = default;
    /// Mirrors a set when it has come `patience` times in a row; 0: at once. For tests.
    explicit PollMirror(unsigned patience) : first_patience_(patience), patience_(patience) {}

    /// What ppoll(2) would answer to `poll`, whose entries have no `revents` yet and all report
    /// changes of their readiness to epoll; nothing if this poll must be done by ppoll itself.
    /// `closes` is always the same, and told of each descriptor that may be among them. Errors:
    /// intr.
    [[nodiscard]] std::optional<Result<std::size_t, HostErrno>> run(const Poll& poll,
                                                                    CloseLog& closes);
    /// Whether there is a set in the kernel.
    [[nodiscard]] bool is_active() const { return static_cast<bool>(epoll_); }

private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    /// What there is about a host descriptor.
    struct Interest {
        std::uint64_t set = 0;        ///< number of the latest set that had it
        std::uint32_t first = kNone;  ///< its first entry there; `next_` has the others
        short wanted = 0;             ///< all that these want
        // In the kernel's set, if there is something at all.
        bool is_watched = false;
        short watched = 0;
        std::uint32_t generation = 0;
    };

    [[nodiscard]] bool notice(std::span<const pollfd> entries);
    [[nodiscard]] bool follow(std::span<const pollfd> entries, const CloseLog& closes);
    [[nodiscard]] bool index(std::span<const pollfd> entries);
    [[nodiscard]] bool watch(int fd, const CloseLog& closes);
    [[nodiscard]] std::optional<Result<std::size_t, HostErrno>> wait(const Poll& poll);
    [[nodiscard]] std::optional<std::size_t> report(std::span<pollfd> entries, std::size_t count);
    void judge(std::size_t count);
    void give_up();

    unsigned first_patience_ = kPatience;
    unsigned patience_ = kPatience;
    unsigned repeats_ = 0;  ///< how often something like `last_` has come in a row
    unsigned misses_ = 0;   ///< polls of late for which the mirror was no good
    unsigned hits_ = 0;     ///< and all for which it was, since it is active

    UniqueFd epoll_;
    std::vector<pollfd> last_;         ///< the set that came last; empty: `index` must run
    std::vector<Interest> interests_;  ///< by host descriptor
    std::vector<std::uint32_t> next_;  ///< by entry: the next one of the same descriptor
    std::vector<int> descriptors_;     ///< of the latest set that was indexed, each once
    std::vector<int> watched_;         ///< what the kernel's set has
    std::vector<epoll_event> ready_;
    std::uint64_t set_ = 0;
    std::uint64_t closes_seen_ = 0;
};

}  // namespace wasmax::io
