// poll_oneoff: waiting for descriptors and clocks. wasix: 4

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
#include <vector>

#include "base/result.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "io/operation.h"
#include "io/poll_mirror.h"
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

/// What the event of a subscription needs. Its pollfd has the same index and says the rest.
struct Wait {
    std::uint64_t userdata;
    union {
        OpenFile* file;            ///< of one that is polled
        std::int64_t deadline_ns;  ///< of a clock
        Errno error;               ///< of a descriptor that cannot be polled
    };
};

/// A pollfd without a host descriptor (-1), which the kernel passes over, is about a clock or an
/// error: its `events` is the Eventtype, or this for a type that nobody knows.
constexpr short kUnknownType = -1;

/// What is asked of a descriptor, by Eventtype.
struct Condition {
    short events;
    Rights needed;
};
constexpr std::array kConditions{
    Condition{0, {}}, Condition{POLLIN, Rights(Right::poll_fd_readwrite) | Right::fd_read},
    Condition{POLLOUT, Rights(Right::poll_fd_readwrite) | Right::fd_write},
    Condition{POLLPRI, Right::poll_fd_readwrite}};

Eventtype type_of(short events) {
    return events == POLLIN    ? Eventtype::fd_read
           : events == POLLOUT ? Eventtype::fd_write
                               : Eventtype::fd_except;
}

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
    PollSet(Scratch& scratch, std::size_t capacity) {
        if (capacity <= kInline) {
            waits_ = std::launder(static_cast<Wait*>(static_cast<void*>(inline_waits_)));
            holds_ = std::launder(static_cast<FileRef*>(static_cast<void*>(inline_holds_)));
            entries_ = inline_entries_.data();
            return;
        }
        std::byte* const memory =
            scratch.take(capacity * (sizeof(Wait) + sizeof(FileRef) + sizeof(pollfd)));
        waits_ = static_cast<Wait*>(static_cast<void*>(memory));
        holds_ = static_cast<FileRef*>(static_cast<void*>(waits_ + capacity));
        entries_ = static_cast<pollfd*>(static_cast<void*>(holds_ + capacity));
    }
    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;
    ~PollSet() { std::destroy_n(holds_, held_count_); }

    /// Adds a subscription; if the process has several threads (`kShared`), its file stays open
    /// while we wait. Only what makes the whole call fail is an error: inval.
    template <bool kShared>
    Result<void, Errno> add(Process& process, const Subscription& subscription) {
        const auto type = static_cast<std::size_t>(subscription.type);
        if (type >= kConditions.size() || subscription.type == Eventtype::clock) [[unlikely]] {
            return add_unpolled(process, subscription);
        }
        const auto& [events, needed] = kConditions[type];
        Wait& wait = waits_[count_];
        wait.userdata = subscription.userdata;
        OpenFile* file = nullptr;
        if constexpr (kShared) {
            auto held = process.files().lookup(subscription.fd(), needed);
            if (!held.has_value()) [[unlikely]] {
                return add_error(subscription, held.error());
            }
            file = &**held;
            std::construct_at(&holds_[held_count_++], *std::move(held));
        } else {
            const auto found = process.files().lookup_alone(subscription.fd(), needed);
            if (!found.has_value()) [[unlikely]] {
                return add_error(subscription, found.error());
            }
            file = *found;
        }
        wait.file = file;
        is_announced_ = is_announced_ && file->readiness() != Readiness::polled;
        entries_[count_++] = {file->host_fd(), events, 0};
        return {};
    }
    /// Waits until there is an event. Result: how many subscriptions may have one. Errors: those of
    /// io::Poll; inval (there is nothing to wait for: every type was unknown).
    Result<std::size_t, Errno> wait(io::Backend& io, io::PollMirror& mirror);
    /// Whether subscription `index` is one of those. After wait().
    [[nodiscard]] bool may_have_event(std::size_t index) const {
        return entries_[index].revents != 0 || entries_[index].fd < 0;
    }
    /// The event of such a subscription, if it has one. After wait().
    [[nodiscard]] std::optional<Event> event(std::size_t index);

private:
    static constexpr std::size_t kInline = 64;

    Result<void, Errno> add_unpolled(const Process& process, const Subscription& subscription);
    Result<void, Errno> add_error(const Subscription& subscription, Errno error);
    [[nodiscard]] bool reports_elsewhere(std::size_t index);

    // All uninitialised up to what was added: clearing would cost as much as filling.
    alignas(Wait) std::byte inline_waits_[kInline * sizeof(Wait)];
    alignas(FileRef) std::byte inline_holds_[kInline * sizeof(FileRef)];
    std::array<pollfd, kInline> inline_entries_;
    Wait* waits_;
    FileRef* holds_;  ///< of the files of several threads
    pollfd* entries_;
    std::size_t count_ = 0;
    std::size_t held_count_ = 0;
    std::size_t unpolled_count_ = 0;
    std::size_t unknown_count_ = 0;  ///< of those, what nobody knows
    bool is_announced_ = true;       ///< epoll learns of each change of what is polled
    std::int64_t deadline_ns_ = io::kNever;
    std::int64_t finished_ns_ = 0;  ///< clocks up to this one have expired
    /// Host descriptors of what is to be read or written, in order: once somebody asks.
    std::optional<std::vector<int>> transferring_;
};

/// A clock, or what is no type. Unknown types are ignored. wasix: 4.11
[[gnu::noinline]] Result<void, Errno> PollSet::add_unpolled(const Process& process,
                                                            const Subscription& subscription) {
    const bool is_clock = subscription.type == Eventtype::clock;
    Wait& wait = waits_[count_];
    wait.userdata = subscription.userdata;
    wait.deadline_ns = io::kNever;
    if (is_clock) {
        wait.deadline_ns = TRY(deadline_of(process, subscription));
        deadline_ns_ = std::min(deadline_ns_, wait.deadline_ns);
    } else {
        ++unknown_count_;
    }
    entries_[count_++] = {-1, is_clock ? static_cast<short>(Eventtype::clock) : kUnknownType, 0};
    ++unpolled_count_;
    return {};
}

/// Its event says so. wasix: 4.5
[[gnu::cold]] Result<void, Errno> PollSet::add_error(const Subscription& subscription,
                                                     Errno error) {
    waits_[count_].error = error;
    entries_[count_++] = {-1, static_cast<short>(subscription.type), 0};
    ++unpolled_count_;
    deadline_ns_ = io::kImmediately;
    return {};
}

Result<std::size_t, Errno> PollSet::wait(io::Backend& io, io::PollMirror& mirror) {
    if (unknown_count_ == count_) {
        return fail(Errno::inval);
    }
    const bool is_large = count_ >= io::PollMirror::kLeastEntries;
    const auto ready = io.run(io::Poll{std::span(entries_, count_), deadline_ns_,
                                       is_large && is_announced_ ? &mirror : nullptr});
    if (!ready.has_value()) {
        return fail(from_host(ready.error()));
    }
    // The deadline of a wait that timed out has passed, whatever the clock says by a nanosecond.
    finished_ns_ = *ready == 0 ? deadline_ns_ : io::kImmediately;
    if (deadline_ns_ != io::kNever) {
        finished_ns_ = std::max(finished_ns_, now_ns(CLOCK_MONOTONIC));
    }
    return *ready + unpolled_count_;
}

/// How much is left of a file whose position we keep: the kernel would count from its own.
[[gnu::cold]] Filesize left_of(const OpenFile& file) {
    struct stat status{};
    return ::fstat(file.host_fd(), &status) == 0 && status.st_size > file.position()
               ? static_cast<Filesize>(status.st_size - file.position())
               : 0;
}

/// How much can be read: bytes, or connections of a listening socket. 0 if unknown. wasix: 4.7
Filesize readable(OpenFile& file) {
    if (file.readiness() == Readiness::counter) {
        return sizeof(std::uint64_t);  // wasix: 2.21
    }
    if (file.epoll() != nullptr) {
        return 0;
    }
    const io::KernelCall timed;
    const Socket* socket = file.socket();
    if (socket != nullptr && socket->listening) {
        tcp_info info{};
        socklen_t bytes = sizeof info;
        if (::getsockopt(file.host_fd(), IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0) {
            return info.tcpi_unacked;  // linux: the length of the accept queue
        }
        return 1;
    }
    if (file.position() != io::kFilePosition) {
        return left_of(file);
    }
    int count = 0;
    return ::ioctl(file.host_fd(), FIONREAD, &count) == 0 && count > 0
               ? static_cast<Filesize>(count)
               : 0;
}

/// Whether a subscription to read or write the same file tells of its end or error as well.
[[gnu::cold]] bool PollSet::reports_elsewhere(std::size_t index) {
    if (!transferring_) {
        transferring_.emplace();
        for (const pollfd& entry : std::span(entries_, count_)) {
            if (entry.events != POLLPRI) {
                transferring_->push_back(entry.fd);
            }
        }
        std::sort(transferring_->begin(), transferring_->end());
    }
    return std::binary_search(transferring_->begin(), transferring_->end(), entries_[index].fd);
}

std::optional<Event> PollSet::event(std::size_t index) {
    const Wait& wait = waits_[index];
    const pollfd& entry = entries_[index];
    Event event;
    event.userdata = wait.userdata;
    if (entry.fd < 0) [[unlikely]] {
        event.type = static_cast<Eventtype>(entry.events);
        if (event.type != Eventtype::clock) {
            event.error = static_cast<std::uint16_t>(wait.error);
        }
        const bool expired = event.type != Eventtype::clock || wait.deadline_ns <= finished_ns_;
        return expired && entry.events != kUnknownType ? std::optional(event) : std::nullopt;
    }
    const short ready = entry.revents;
    event.type = type_of(entry.events);
    if ((ready & POLLNVAL) != 0) [[unlikely]] {
        event.error = static_cast<std::uint16_t>(Errno::badf);
    } else if (event.type == Eventtype::fd_except && (ready & POLLPRI) == 0) {
        // libc takes an event without error for urgent data, and this error for the end.
        if (reports_elsewhere(index)) {
            return std::nullopt;
        }
        event.error = static_cast<std::uint16_t>((ready & POLLERR) != 0 ? Errno::io : Errno::pipe);
    } else if ((ready & POLLERR) != 0 && (ready & entry.events & POLLIN) == 0) {
        // Which error, the next transfer says: asking here would take it away. wasix: 6.7
        event.error = static_cast<std::uint16_t>(Errno::io);
    } else {
        // Without POLLIN nothing is there but the end.
        event.nbytes = (ready & POLLIN) != 0 ? readable(*wait.file) : 0;
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

template <bool kShared, class AnySubscription>
Result<void, Errno> add_all(PollSet& set, Caller& caller,
                            GuestSpan<const AnySubscription> subscriptions) {
    const auto count = static_cast<Size>(subscriptions.count);
    for (Size index = 0; index < count; ++index) {
        TRY(set.add<kShared>(caller.process, converted(caller.memory.at(subscriptions, index))));
    }
    return {};
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
    if (caller.process.files().is_shared()) {
        TRY(add_all<true>(set, caller, subscriptions));
    } else {
        TRY(add_all<false>(set, caller, subscriptions));
    }
    std::size_t left = TRY(set.wait(caller.process.io(), caller.thread.poll_mirror));
    Size count = 0;
    for (Size index = 0; left != 0 && index < nsubscriptions; ++index) {
        if (!set.may_have_event(index)) [[likely]] {
            continue;
        }
        --left;
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
