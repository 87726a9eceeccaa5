// A polled set, kept in the kernel.
//
// An entry of an epoll set belongs to a number and an open file description. The kernel drops it
// when the last descriptor of that description is closed, which need not be the one that was added;
// then it goes on to report it, and nobody can remove it, because the number is gone or another
// file's. So every interest has the generation of its number (CloseLog), which the kernel gives
// back with the event: one of an older generation is nobody's, and the set is made anew.

#include "io/poll_mirror.h"

#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/close_log.h"
#include "io/operation.h"
#include "io/perform.h"

namespace wasmax::io {
namespace {

using Answer = Result<std::size_t, HostErrno>;

constexpr std::uint32_t kFew = 16;  // one in so many

bool are_same(std::span<const pollfd> a, std::span<const pollfd> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// Whether most entries are in the same place.
bool are_similar(std::span<const pollfd> a, std::span<const pollfd> b) {
    const std::size_t common = std::min(a.size(), b.size());
    std::size_t differences = std::max(a.size(), b.size()) - common;
    for (std::size_t index = 0; index < common; ++index) {
        differences +=
            static_cast<std::size_t>(static_cast<unsigned>(a[index].fd != b[index].fd) |
                                     static_cast<unsigned>(a[index].events != b[index].events));
    }
    return differences <= b.size() / kFew;
}

std::uint64_t key_of(int fd, std::uint32_t generation) {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

}  // namespace

std::optional<Answer> PollMirror::run(const Poll& poll, CloseLog& closes) {
    if (!is_active()) {
        if (!notice(poll.entries) || !closes.start()) {
            return std::nullopt;
        }
        epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
        if (!is_active()) {
            give_up();
            return std::nullopt;
        }
        last_.clear();
    }
    const bool is_current = are_same(last_, poll.entries) && closes.count() == closes_seen_;
    if (!is_current && !follow(poll.entries, closes)) {
        return std::nullopt;
    }
    return wait(poll);
}

/// Whether the set has come often enough to be mirrored.
bool PollMirror::notice(std::span<const pollfd> entries) {
    if (are_same(last_, entries)) {
        ++repeats_;
    } else {
        repeats_ = are_similar(last_, entries) ? repeats_ + 1 : 1;
        last_.assign(entries.begin(), entries.end());
    }
    return repeats_ > patience_;
}

/// Makes the kernel's set the same as `entries`. False: that is too much to do, or impossible.
bool PollMirror::follow(std::span<const pollfd> entries, const CloseLog& closes) {
    last_.clear();  // whatever happens, until all is done
    closes_seen_ = closes.count();
    if (!index(entries)) {
        give_up();
        return false;
    }
    const auto is_stale = [&](int fd) {
        const Interest& interest = interests_[static_cast<std::size_t>(fd)];
        return !interest.is_watched || interest.wanted != interest.watched ||
               interest.generation != closes.generation(fd);
    };
    const auto is_gone = [&](int fd) {
        return interests_[static_cast<std::size_t>(fd)].set != set_;
    };
    const auto changes =
        static_cast<std::size_t>(std::count_if(descriptors_.begin(), descriptors_.end(), is_stale) +
                                 std::count_if(watched_.begin(), watched_.end(), is_gone));
    if (!watched_.empty() && changes > std::max<std::size_t>(kFew, descriptors_.size() / kFew)) {
        constexpr unsigned kMostMisses = 8;
        if (++misses_ > kMostMisses) {
            give_up();
        }
        return false;
    }
    for (const int fd : watched_) {
        if (is_gone(fd)) {
            // Fails if it was closed, and then the kernel has dropped it or report() sees it.
            (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
            interests_[static_cast<std::size_t>(fd)].is_watched = false;
        }
    }
    for (const int fd : descriptors_) {
        if (is_stale(fd) && !watch(fd, closes)) {
            give_up();
            return false;
        }
    }
    watched_ = descriptors_;
    ready_.resize(descriptors_.size());
    last_.assign(entries.begin(), entries.end());
    return true;
}

/// Finds the entries of each descriptor. False: one is too high a number.
bool PollMirror::index(std::span<const pollfd> entries) {
    ++set_;
    descriptors_.clear();
    next_.resize(entries.size());
    for (std::size_t place = 0; place < entries.size(); ++place) {
        const pollfd& entry = entries[place];
        if (entry.fd < 0) {
            continue;
        }
        if (entry.fd >= CloseLog::kMaxDescriptors) {
            return false;
        }
        const auto fd = static_cast<std::size_t>(entry.fd);
        if (fd >= interests_.size()) {
            interests_.resize(fd + 1);
        }
        Interest& interest = interests_[fd];
        if (interest.set != set_) {
            interest.set = set_;
            interest.wanted = 0;
            interest.first = kNone;
            descriptors_.push_back(entry.fd);
        }
        interest.wanted = static_cast<short>(interest.wanted | entry.events);
        next_[place] = std::exchange(interest.first, static_cast<std::uint32_t>(place));
    }
    return true;
}

/// Puts a descriptor into the kernel's set, or changes it there. False: the kernel will not.
bool PollMirror::watch(int fd, const CloseLog& closes) {
    Interest& interest = interests_[static_cast<std::size_t>(fd)];
    const std::uint32_t generation = closes.generation(fd);
    epoll_event event{};
    event.events = static_cast<unsigned short>(interest.wanted);  // poll's bits are epoll's
    event.data.u64 = key_of(fd, generation);
    const bool is_new = !interest.is_watched || interest.generation != generation;
    if (::epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0 &&
        // Closed, and opened with the same number for the same description.
        (errno != EEXIST || ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0)) {
        return false;
    }
    interest.is_watched = true;
    interest.watched = interest.wanted;
    interest.generation = generation;
    return true;
}

std::optional<Answer> PollMirror::wait(const Poll& poll) {
    const timespec left = remaining(poll.deadline_ns);
    const int count = ::epoll_pwait2(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()),
                                     poll.deadline_ns == kNever ? nullptr : &left, nullptr);
    if (count < 0) {
        if (errno == EINTR) {
            return fail(HostErrno{EINTR});
        }
        give_up();
        return std::nullopt;
    }
    const auto reported = report(poll.entries, static_cast<std::size_t>(count));
    if (!reported) {
        give_up();
        for (pollfd& entry : poll.entries) {
            entry.revents = 0;
        }
        return std::nullopt;
    }
    judge(static_cast<std::size_t>(count));
    return *reported;
}

/// Writes what the kernel reported to `entries` and counts them. Nothing if a descriptor was
/// reported that is not among them.
std::optional<std::size_t> PollMirror::report(std::span<pollfd> entries, std::size_t count) {
    std::size_t reported = 0;
    for (const epoll_event& event : std::span(ready_).first(count)) {
        const auto fd = static_cast<std::uint32_t>(event.data.u64);
        const Interest& interest = interests_[fd];
        if (interest.set != set_ ||
            event.data.u64 != key_of(static_cast<int>(fd), interest.generation)) {
            return std::nullopt;
        }
        const std::size_t before = reported;
        for (std::uint32_t place = interest.first; place != kNone; place = next_[place]) {
            pollfd& entry = entries[place];
            const unsigned asked =
                static_cast<unsigned>(static_cast<unsigned short>(entry.events)) | POLLERR |
                POLLHUP;
            entry.revents = static_cast<short>(event.events & asked);
            reported += entry.revents != 0 ? 1 : 0;
        }
        if (reported == before) {
            return std::nullopt;
        }
    }
    return reported;
}

/// Of a set of which much is ready, the kernel reports each for more than a poll looks at it.
void PollMirror::judge(std::size_t count) {
    constexpr std::size_t kMuch = 4;  // one in so many
    constexpr unsigned kMostMisses = 8;
    ++hits_;
    if (count * kMuch <= descriptors_.size()) {
        misses_ = 0;
    } else if (++misses_ > kMostMisses) {
        give_up();
    }
}

/// Goes back to polling, and waits the longer the less good the mirror was.
void PollMirror::give_up() {
    constexpr unsigned kEnoughHits = 256;
    constexpr unsigned kMostPatience = 1 << 14;
    patience_ = hits_ >= kEnoughHits ? first_patience_ : std::min(patience_ * 4, kMostPatience);
    repeats_ = 0;
    misses_ = 0;
    hits_ = 0;
    epoll_.reset();
    last_.clear();
    watched_.clear();
    for (Interest& interest : interests_) {
        interest.is_watched = false;
    }
}

}  // namespace wasmax::io
