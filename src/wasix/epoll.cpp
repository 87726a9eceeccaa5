// epoll, on the kernel's. The wait is a call of its own and not an io::Poll: that would cost a
// second call to fetch the events. wasix: 7

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/interruption.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/kernel_call.h"
#include "io/operation.h"
#include "wasix/epoll_set.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

struct EventBit {
    std::uint32_t guest;
    std::uint32_t host;
};
constexpr std::array kEventBits{// wasix: 7.4
                                EventBit{1, EPOLLIN},    EventBit{2, EPOLLOUT},
                                EventBit{4, EPOLLRDHUP}, EventBit{8, EPOLLPRI},
                                EventBit{16, EPOLLERR},  EventBit{32, EPOLLHUP},
                                EventBit{64, EPOLLET},   EventBit{128, EPOLLONESHOT}};

std::uint32_t to_host_events(std::uint32_t guest) {
    std::uint32_t host = 0;
    for (const EventBit& bit : kEventBits) {
        host |= (guest & bit.guest) != 0 ? bit.host : 0;
    }
    return host;
}

std::uint32_t to_guest_events(std::uint32_t host) {
    std::uint32_t guest = 0;
    for (const EventBit& bit : kEventBits) {
        guest |= (host & bit.host) != 0 ? bit.guest : 0;
    }
    return guest;
}

std::uint64_t key_of(int host_fd, std::uint32_t generation) {
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(host_fd);
}

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: the clock and the pointer are valid
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// `timeout` of all ones waits for ever; 0 gives io::kImmediately. wasix: 7.5
std::int64_t deadline_after(Timestamp timeout) {
    if (timeout == 0) {
        return io::kImmediately;
    }
    const std::int64_t now = now_ns();
    return timeout < static_cast<Timestamp>(io::kNever - now)
               ? now + static_cast<std::int64_t>(timeout)
               : io::kNever;
}

/// epoll_wait until `deadline_ns`; epoll_pwait2 only for what milliseconds cannot say. Errors:
/// those of epoll_pwait2(2), but intr only if this thread's attention is wanted.
Result<std::size_t, Errno> wait_for_events(int epoll, epoll_event* events, int max_events,
                                           std::int64_t deadline_ns) {
    const bool forever = deadline_ns == io::kNever;
    const bool at_once = deadline_ns == io::kImmediately;
    while (true) {
        const timespec left = forever || at_once ? timespec{} : io::remaining(deadline_ns);
        const io::KernelCall timed;
        const int count = forever || at_once
                              ? ::epoll_wait(epoll, events, max_events, forever ? -1 : 0)
                              : ::epoll_pwait2(epoll, events, max_events, &left, nullptr);
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        const int error = errno;
        if (error != EINTR || interruption_flag().load(std::memory_order_relaxed)) {
            return fail(from_host(io::HostErrno{error}));
        }
    }
}

/// Errors: badf, inval (no epoll descriptor). wasix: 7.2
Result<FileRef, Errno> lookup_epoll(Caller& caller, Fd epfd) {
    FileRef file = TRY(caller.process.files().lookup(epfd, {}));
    if (file->epoll() == nullptr) {
        return fail(Errno::inval);
    }
    return file;
}

}  // namespace

/// What is watched as `host_fd`, if that is `file`; else null.
const EpollSet::Interest* EpollSet::find(int host_fd, const OpenFile& file) const {
    const auto found = interests_.find(host_fd);
    // Another file may have the address by now.
    const bool is_it = found != interests_.end() && found->second.address == &file &&
                       !found->second.file.expired();
    return is_it ? &found->second : nullptr;
}

/// As which host descriptor `fd` is watched: the kernel has one interest for each, so of several
/// descriptors that stand for a file, all but the first need another.
Result<int, io::HostErrno> EpollSet::choose(const FileTable& files, Fd fd, OpenFile& file) {
    const int duplicate = file.duplicate_of(fd);
    if (find(duplicate, file) != nullptr) {
        return duplicate;
    }
    const Interest* const first = find(file.host_fd(), file);
    const bool is_taken = first != nullptr && first->fd != fd && files.stands_for(first->fd, file);
    return is_taken ? file.duplicate_for(fd) : file.host_fd();
}

Result<void, Errno> EpollSet::watch(int epoll, const FileTable& files, Fd fd,
                                    const std::shared_ptr<OpenFile>& file, const EpollEvent& event,
                                    Existing existing) {
    std::shared_ptr<OpenFile> replaced;  // closed without the lock
    const std::lock_guard guard(mutex_);
    const auto chosen = choose(files, fd, *file);
    if (!chosen.has_value()) {
        return fail(from_host(chosen.error()));
    }
    const int host_fd = *chosen;
    const Interest* const before = find(host_fd, *file);
    if (existing == Existing::refuse && before != nullptr && before->fd == fd) {
        return fail(Errno::exist);
    }
    const std::uint32_t generation = ++generations_;
    epoll_event interest{};
    interest.events = to_host_events(event.events);
    interest.data.u64 = key_of(host_fd, generation);
    int error = ::epoll_ctl(epoll, EPOLL_CTL_MOD, host_fd, &interest) == 0 ? 0 : errno;
    if (error == ENOENT) {
        error = ::epoll_ctl(epoll, EPOLL_CTL_ADD, host_fd, &interest) == 0 ? 0 : errno;
    }
    if (error != 0) {
        return fail(from_host(io::HostErrno{error}));
    }
    Interest& stored = interests_[host_fd];
    replaced = std::move(stored.kept);
    stored = {fd, generation, file.get(), file, file->is_inherited() ? file : nullptr, event};
    return {};
}

void EpollSet::forget(int epoll, Fd fd, const OpenFile& file) {
    const std::lock_guard guard(mutex_);
    for (const int host_fd : {file.host_fd(), file.duplicate_of(fd)}) {
        const Interest* const interest = find(host_fd, file);
        if (interest != nullptr && interest->fd == fd) {
            (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, host_fd, nullptr);
            interests_.erase(host_fd);
        }
    }
}

std::optional<EpollEvent> EpollSet::event(int epoll, const FileTable& files, std::uint64_t key,
                                          std::uint32_t ready) {
    const auto host_fd = static_cast<int>(static_cast<std::uint32_t>(key));
    std::shared_ptr<OpenFile> file;  // closed, if nobody else has it, without the lock
    const std::lock_guard guard(mutex_);
    const auto found = interests_.find(host_fd);
    if (found == interests_.end() || key_of(host_fd, found->second.generation) != key) {
        return std::nullopt;
    }
    const Interest& interest = found->second;
    file = interest.file.lock();
    if (file == nullptr || !files.stands_for(interest.fd, *file)) {
        if (file != nullptr) {
            // A duplicate keeps the file open, and the kernel would report it again and again.
            (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, host_fd, nullptr);
        }
        interests_.erase(found);
        return std::nullopt;
    }
    EpollEvent event = interest.event;
    event.events = to_guest_events(ready);
    return event;
}

Result<Fd, Errno> wasix_32v1::epoll_create(Caller& caller) {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) {
        return fail(from_host(io::HostErrno{errno}));
    }
    return caller.process.add_file(OpenFile::make_epoll(std::move(epoll), caller.process.io()));
}

/// 0 adds what is not there, 2 removes; 1 and 3 add or change, because guests pass Linux's numbers,
/// of which 1 adds. Regular files cannot be watched: perm, as on Linux. wasix: 7.1
Result<void, Errno> wasix_32v1::epoll_ctl(Caller& caller, Fd epfd, std::uint32_t op, Fd fd,
                                          GuestPointer<const EpollEvent> event) {
    constexpr std::uint32_t kAdd = 0;
    constexpr std::uint32_t kRemove = 2;
    constexpr std::uint32_t kLast = 3;
    const FileRef epoll = TRY(lookup_epoll(caller, epfd));
    const Descriptor watched = TRY(caller.process.files().get(fd));
    if (op > kLast || watched.file.get() == &*epoll) {
        return fail(Errno::inval);
    }
    if (op == kRemove) {
        epoll->epoll()->forget(epoll->host_fd(), fd, *watched.file);
        return {};
    }
    if (!watched.rights.has(Right::poll_fd_readwrite)) {
        return fail(Errno::notcapable);
    }
    if (event.address == 0) {
        return fail(Errno::inval);  // libc's null pointer
    }
    const EpollEvent wanted = TRY(caller.memory.load(event));
    return epoll->epoll()->watch(
        epoll->host_fd(), caller.process.files(), fd, watched.file, wanted,
        op == kAdd ? EpollSet::Existing::refuse : EpollSet::Existing::replace);
}

Result<Size, Errno> wasix_32v1::epoll_wait(Caller& caller, Fd epfd, GuestPointer<EpollEvent> event,
                                           Size maxevents, Timestamp timeout) {
    constexpr Size kMaxEvents = 128;  // at once; the guest asks again for more
    if (maxevents == 0) {
        return fail(Errno::inval);
    }
    const FileRef epoll = TRY(lookup_epoll(caller, epfd));
    const GuestSpan<EpollEvent> out{event.address, maxevents};
    TRY(caller.memory.check(out));
    const std::int64_t deadline_ns = deadline_after(timeout);
    std::array<epoll_event, kMaxEvents> ready;
    while (true) {
        const std::size_t reported =
            TRY(wait_for_events(epoll->host_fd(), ready.data(),
                                static_cast<int>(std::min(maxevents, kMaxEvents)), deadline_ns));
        Size count = 0;
        for (std::size_t index = 0; index < reported; ++index) {
            const auto mine = epoll->epoll()->event(epoll->host_fd(), caller.process.files(),
                                                    ready[index].data.u64, ready[index].events);
            if (mine) {
                caller.memory.put(out, count++, *mine);
            }
        }
        // All of what was reported may have been about descriptors closed meanwhile.
        if (count != 0 || reported == 0) {
            return count;
        }
    }
}

}  // namespace wasmax::wasix
