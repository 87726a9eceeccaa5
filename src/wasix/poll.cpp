// poll_oneoff: waiting for descriptors and clocks. wasix: 4

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/scratch.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// A subscription and what it came to. Its pollfd has the same index: that of no host descriptor
/// (-1, which the kernel ignores) unless there is a `file`.
struct Wait {
    std::uint64_t userdata;
    Eventtype type;
    Errno error;               ///< if not success, the event is about this
    std::int64_t deadline_ns;  ///< of a clock
    FileRef file;              ///< of a descriptor: stays open while we wait
};

std::int64_t now_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);  // cannot fail: the clocks and the pointer are valid
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// When `subscription` ends, on CLOCK_MONOTONIC. A step of the host's real-time clock during the
/// wait is not noticed. 1 means now as 0 does, because guests ask so. wasix: 4.2, 4.3
/// Errors: inval (no such clock, or one that cannot be waited for).
Result<std::int64_t, Errno> deadline_of(const Process& process, const Subscription& subscription) {
    constexpr Timestamp kSoon_ns = 1;
    if (subscription.clock != Clockid::realtime && subscription.clock != Clockid::monotonic) {
        return fail(Errno::inval);
    }
    Timestamp left_ns = subscription.timeout;
    if (subscription.flags.has(Subclockflag::abstime)) {
        const clockid_t clock =
            subscription.clock == Clockid::realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC;
        const auto clock_ns = static_cast<Timestamp>(now_ns(clock)) +
                              static_cast<Timestamp>(process.clock_offset_ns(subscription.clock));
        left_ns -= std::min(left_ns, clock_ns);
    }
    if (left_ns <= kSoon_ns) {
        return io::kImmediately;
    }
    const std::int64_t monotonic_ns = now_ns(CLOCK_MONOTONIC);
    const auto most_ns = static_cast<Timestamp>(io::kNever - monotonic_ns);
    return left_ns < most_ns ? monotonic_ns + static_cast<std::int64_t>(left_ns) : io::kNever;
}

/// What poll_oneoff works with: on the stack for up to kInline subscriptions.
class PollSet {
public:
    PollSet(Scratch& scratch, std::size_t count)
        : waits_(std::launder(static_cast<Wait*>(
              count <= kInline ? static_cast<void*>(inline_waits_)
                               : scratch.take(count * (sizeof(Wait) + sizeof(pollfd)))))),
          entries_(count <= kInline ? inline_entries_.data()
                                    : static_cast<pollfd*>(static_cast<void*>(waits_ + count))) {}
    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;
    ~PollSet() { std::destroy_n(waits_, count_); }

    /// Adds a subscription. Only what makes the whole call fail is an error: inval.
    Result<void, Errno> add(Process& process, const Subscription& subscription);
    /// Waits until there is an event. Errors: those of io::Poll; inval (there is nothing to wait
    /// for: every type was unknown).
    Result<void, Errno> wait(io::Backend& io);
    /// Whether subscription `index` may have an event. After wait().
    [[nodiscard]] bool may_have_event(std::size_t index) const {
        return entries_[index].revents != 0 || entries_[index].fd < 0;
    }
    /// The event of subscription `index`, if it has one. After wait().
    [[nodiscard]] std::optional<Event> event(std::size_t index) const;

private:
    static constexpr std::size_t kInline = 64;

    void add_file(Process& process, Wait& wait, Fd fd);

    // All uninitialised up to what was added: clearing would cost as much as filling.
    alignas(Wait) std::byte inline_waits_[kInline * sizeof(Wait)];
    std::array<pollfd, kInline> inline_entries_;
    Wait* waits_;
    pollfd* entries_;
    std::size_t count_ = 0;
    std::size_t known_count_ = 0;  ///< of them, those of a known type
    std::int64_t deadline_ns_ = io::kNever;
    std::int64_t finished_ns_ = 0;  ///< clocks up to this one have expired
};

void PollSet::add_file(Process& process, Wait& wait, Fd fd) {
    const bool reads = wait.type == Eventtype::fd_read;
    auto file = process.files().lookup(
        fd, Rights(Right::poll_fd_readwrite) | (reads ? Right::fd_read : Right::fd_write));
    if (!file.has_value()) [[unlikely]] {
        wait.error = file.error();
        deadline_ns_ = io::kImmediately;
        return;
    }
    entries_[count_ - 1] = {(*file)->host_fd(), static_cast<short>(reads ? POLLIN : POLLOUT), 0};
    wait.file = *std::move(file);
}

/// Unknown types are ignored. wasix: 4.11
Result<void, Errno> PollSet::add(Process& process, const Subscription& subscription) {
    Wait& wait = *std::construct_at(&waits_[count_], subscription.userdata, subscription.type,
                                    Errno::success, std::int64_t{0}, FileRef());
    entries_[count_++] = {-1, 0, 0};
    switch (subscription.type) {
        case Eventtype::clock:
            wait.deadline_ns = TRY(deadline_of(process, subscription));
            deadline_ns_ = std::min(deadline_ns_, wait.deadline_ns);
            ++known_count_;
            break;
        case Eventtype::fd_read:
        case Eventtype::fd_write:
            add_file(process, wait, subscription.fd());
            ++known_count_;
            break;
    }
    return {};
}

Result<void, Errno> PollSet::wait(io::Backend& io) {
    if (known_count_ == 0) {
        return fail(Errno::inval);
    }
    const auto ready = io.run(io::Poll{std::span(entries_, count_), deadline_ns_});
    if (!ready.has_value()) {
        return fail(from_host(ready.error()));
    }
    // The deadline of a wait that timed out has passed, whatever the clock says by a nanosecond.
    finished_ns_ = *ready == 0 ? deadline_ns_ : io::kImmediately;
    if (deadline_ns_ != io::kNever) {
        finished_ns_ = std::max(finished_ns_, now_ns(CLOCK_MONOTONIC));
    }
    return {};
}

/// How much can be read: bytes, or connections of a listening socket. 0 if unknown. wasix: 4.7
Filesize readable(const FileRef& file) {
    int count = 0;
    const Socket* socket = file->socket();
    if (socket != nullptr && socket->listening) {
        tcp_info info{};
        socklen_t bytes = sizeof info;
        if (::getsockopt(file->host_fd(), IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0) {
            return info.tcpi_unacked;  // linux: the length of the accept queue
        }
        return 1;
    }
    return ::ioctl(file->host_fd(), FIONREAD, &count) == 0 && count > 0
               ? static_cast<Filesize>(count)
               : 0;
}

std::optional<Event> PollSet::event(std::size_t index) const {
    const Wait& wait = waits_[index];
    Event event;
    event.userdata = wait.userdata;
    event.type = wait.type;
    if (wait.error != Errno::success) {
        event.error = static_cast<std::uint16_t>(wait.error);
        return event;
    }
    if (!wait.file) {
        const bool expired = wait.type == Eventtype::clock && wait.deadline_ns <= finished_ns_;
        return expired ? std::optional(event) : std::nullopt;
    }
    const short ready = entries_[index].revents;
    if (ready == 0) {
        return std::nullopt;
    }
    const bool reads = wait.type == Eventtype::fd_read;
    if ((ready & POLLNVAL) != 0) {
        event.error = static_cast<std::uint16_t>(Errno::badf);
    } else if ((ready & POLLERR) != 0 && (!reads || (ready & POLLIN) == 0)) {
        // Which error, the next transfer says: asking here would take it away. wasix: 6.7
        event.error = static_cast<std::uint16_t>(Errno::io);
    } else {
        event.nbytes = reads ? readable(wait.file) : 0;
        if ((ready & POLLHUP) != 0) {
            event.flags = Eventrwflag::hangup;
        }
    }
    return event;
}

Subscription converted(const Subscription& subscription) { return subscription; }

/// The clock's identifier, which nothing uses, is what wasi_unstable has more.
Subscription converted(const Snapshot0Subscription& old) {
    const bool clock = old.type == Eventtype::clock;
    return {old.userdata,  old.type,
            old.padding0,  clock ? old.clock : static_cast<Clockid>(old.identifier_low),
            old.padding1,  old.timeout,
            old.precision, old.flags,
            old.padding2};
}

template <class AnySubscription>
Result<Size, Errno> poll(Caller& caller, GuestPointer<const AnySubscription> in,
                         GuestPointer<Event> out, Size nsubscriptions) {
    // Each descriptor for reading and for writing, and as many clocks.
    constexpr Size kMaxSubscriptions = 3 * FileTable::kMaxDescriptors;
    if (nsubscriptions == 0 || nsubscriptions > kMaxSubscriptions) {
        return fail(Errno::inval);  // wasix: 4.8
    }
    const GuestSpan<const AnySubscription> subscriptions{in.address, nsubscriptions};
    const GuestSpan<Event> events{out.address, nsubscriptions};
    TRY(caller.memory.check(subscriptions));
    TRY(caller.memory.check(events));
    PollSet set(caller.thread.scratch, nsubscriptions);
    for (Size index = 0; index < nsubscriptions; ++index) {
        TRY(set.add(caller.process, converted(caller.memory.at(subscriptions, index))));
    }
    TRY(set.wait(caller.process.io()));
    Size count = 0;
    for (Size index = 0; index < nsubscriptions; ++index) {
        if (!set.may_have_event(index)) [[likely]] {
            continue;
        }
        if (const auto event = set.event(index)) {
            caller.memory.put(events, count++, *event);
        }
    }
    return count;
}

}  // namespace

Result<Size, Errno> wasi_snapshot_preview1::poll_oneoff(Caller& caller,
                                                        GuestPointer<const Subscription> in,
                                                        GuestPointer<Event> out,
                                                        Size nsubscriptions) {
    return poll(caller, in, out, nsubscriptions);
}

Result<Size, Errno> wasi_unstable::poll_oneoff(Caller& caller,
                                               GuestPointer<const Snapshot0Subscription> in,
                                               GuestPointer<Event> out, Size nsubscriptions) {
    return poll(caller, in, out, nsubscriptions);
}

}  // namespace wasmax::wasix
