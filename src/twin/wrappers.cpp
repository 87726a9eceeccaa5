// The functions of the C library that programs call into the kernel with, each with a record of it.
// linux: ld.so(8), LD_PRELOAD

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>

#include "trace/payload.h"
#include "trace/recorder.h"
#include "trace/schema.h"
#include "trace/target.h"

namespace wasmax::twin {
namespace {

enum class Number : std::uint16_t {
#define CALL(name, accepts, fields) name,
#include "twin/calls.def"
};

trace::Schema schema() {
    trace::Schema schema;
    constexpr int kErrors = 134;  // one more than EHWPOISON, Linux's last
    for (int error = 1; error < kErrors; ++error) {
        const char* const name = ::strerrorname_np(error);
        if (name != nullptr) {
            std::string text(name + 1);  // without the E
            std::transform(text.begin(), text.end(), text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            schema.errors.emplace_back(error, text);
        }
    }
    constexpr bool yes = true;
    constexpr bool no = false;
#define FD(name)                              \
    trace::Field {                            \
        name, trace::FieldKind::fd, false, {} \
    }
#define NUMBER(name)                                \
    trace::Field {                                  \
        name, trace::FieldKind::number32, false, {} \
    }
#define OUT_FD(name)                         \
    trace::Field {                           \
        name, trace::FieldKind::fd, true, {} \
    }
#define OUT_NUMBER(name)                           \
    trace::Field {                                 \
        name, trace::FieldKind::number32, true, {} \
    }
#define FIELDS(...) __VA_ARGS__
#define CALL(name, accepts, fields) \
    schema.calls.push_back({"native", #name, true, accepts, {FIELDS fields}});
#include "twin/calls.def"
    return schema;
}

/// Null: nobody asked for a recording.
std::atomic<trace::Target*> target = nullptr;

struct ThreadRecorder {
    std::unique_ptr<trace::Recorder> recorder;
    std::uint32_t watch = 0;
    bool inside = false;  // what the recorder itself calls is not recorded
};
thread_local ThreadRecorder current;

void forget_in_child() {
    (void)current.recorder.release();  // NOLINT(bugprone-unused-return-value): the parent has it
    current.watch = 0;
}

trace::Recorder* recorder() {
    trace::Target* const found = target.load(std::memory_order_acquire);
    if (found == nullptr || current.inside) {
        return nullptr;
    }
    const std::uint32_t watch = found->watch().load(std::memory_order_relaxed);
    if (watch == 0) {
        return nullptr;
    }
    if (current.watch != watch) {
        current.inside = true;
        current.recorder.reset();
        current.watch = watch;
        current.recorder = found->join(watch, 1);
        current.inside = false;
    }
    return current.recorder.get();
}

using Words = std::initializer_list<std::uint32_t>;

/// Calls `body` and records it: the arguments `in`, and the result if the call has one to record.
template <class Body>
auto recorded(Number number, Words in, bool has_result, const Body& body) {
    trace::Recorder* const own = recorder();
    if (own == nullptr) {
        return body();
    }
    const auto call = own->begin(static_cast<std::uint16_t>(number));
    trace::Payload payload;
    for (const std::uint32_t word : in) {
        payload.put(word);
    }
    if (call.split) {
        own->enter_kernel();
    }
    const auto result = body();
    const int error = errno;
    if (call.split) {
        own->leave_kernel();
    }
    if (result >= 0 && has_result) {
        payload.put(static_cast<std::uint32_t>(result));
    }
    own->end(call, result < 0 ? static_cast<std::uint16_t>(error) : 0, payload.bytes());
    errno = error;
    return result;
}

/// The function of that name behind this library.
template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::uint32_t word(auto value) { return static_cast<std::uint32_t>(value); }

std::uint32_t bytes_of(const iovec* buffers, std::size_t count) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
        bytes += buffers[i].iov_len;
    }
    return word(bytes);
}

/// Before main(): waits for the tracer that started this program, for at most ten seconds.
[[gnu::constructor]] void start() {
    const char* const wanted = std::getenv("WASMAX_TWIN");  // NOLINT(concurrency-mt-unsafe)
    if (wanted == nullptr) {
        return;
    }
    current.inside = true;
    auto made = trace::Target::create([] { return schema().to_text(); });
    if (made.has_value()) {
        trace::Target* const found = made->release();  // lives as long as the process
        constexpr int kTries = 10'000;
        for (int i = 0; i < kTries && found->watch().load() == 0; ++i) {
            const timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
        }
        ::pthread_atfork(nullptr, nullptr, forget_in_child);
        target.store(found, std::memory_order_release);
    }
    current.inside = false;
}

}  // namespace
}  // namespace wasmax::twin

using wasmax::twin::bytes_of;
using wasmax::twin::next;
using wasmax::twin::Number;
using wasmax::twin::recorded;
using wasmax::twin::word;

// Name, parameters, arguments: as the C library declares them, but for noexcept, which is why each
// has a name of its own in C++.
#define WRAPPER(result, name, parameters, arguments, number, in, has_result)                \
    extern "C" [[gnu::visibility("default")]] result twin_##name parameters __asm__(#name); \
    result twin_##name parameters {                                                         \
        static auto* const function = next<result parameters>(#name);                       \
        return recorded(Number::number, WORDS in, has_result,                               \
                        [&]() -> result { return function arguments; });                    \
    }
#define WORDS(...) {__VA_ARGS__}

WRAPPER(int, socket, (int domain, int type, int protocol), (domain, type, protocol), sock_open, (),
        true)
WRAPPER(int, bind, (int fd, const sockaddr* address, socklen_t bytes), (fd, address, bytes),
        sock_bind, (word(fd)), false)
WRAPPER(int, listen, (int fd, int backlog), (fd, backlog), sock_listen, (word(fd), word(backlog)),
        false)
WRAPPER(int, accept, (int fd, sockaddr* address, socklen_t* bytes), (fd, address, bytes),
        sock_accept_v2, (word(fd)), true)
WRAPPER(int, accept4, (int fd, sockaddr* address, socklen_t* bytes, int flags),
        (fd, address, bytes, flags), sock_accept_v2, (word(fd)), true)
WRAPPER(int, connect, (int fd, const sockaddr* address, socklen_t bytes), (fd, address, bytes),
        sock_connect, (word(fd)), false)
WRAPPER(int, shutdown, (int fd, int how), (fd, how), sock_shutdown, (word(fd), word(how)), false)
WRAPPER(ssize_t, recv, (int fd, void* buffer, size_t bytes, int flags), (fd, buffer, bytes, flags),
        sock_recv, (word(fd), word(bytes)), true)
WRAPPER(ssize_t, send, (int fd, const void* buffer, size_t bytes, int flags),
        (fd, buffer, bytes, flags), sock_send, (word(fd), word(bytes)), true)
// NOLINTBEGIN(readability-function-size): POSIX gave them six parameters
WRAPPER(ssize_t, recvfrom,
        (int fd, void* buffer, size_t bytes, int flags, sockaddr* address,
         socklen_t* address_bytes),
        (fd, buffer, bytes, flags, address, address_bytes), sock_recv_from, (word(fd), word(bytes)),
        true)
WRAPPER(ssize_t, sendto,
        (int fd, const void* buffer, size_t bytes, int flags, const sockaddr* address,
         socklen_t address_bytes),
        (fd, buffer, bytes, flags, address, address_bytes), sock_send_to, (word(fd), word(bytes)),
        true)
// NOLINTEND(readability-function-size)
WRAPPER(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags), sock_recv,
        (word(fd), bytes_of(message->msg_iov, message->msg_iovlen)), true)
WRAPPER(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags),
        sock_send, (word(fd), bytes_of(message->msg_iov, message->msg_iovlen)), true)
WRAPPER(int, setsockopt, (int fd, int level, int option, const void* value, socklen_t bytes),
        (fd, level, option, value, bytes), sock_set_opt_flag, (word(fd), word(option)), false)
WRAPPER(int, getsockopt, (int fd, int level, int option, void* value, socklen_t* bytes),
        (fd, level, option, value, bytes), sock_get_opt_flag, (word(fd), word(option)), false)
WRAPPER(ssize_t, read, (int fd, void* buffer, size_t bytes), (fd, buffer, bytes), fd_read,
        (word(fd), word(bytes)), true)
WRAPPER(ssize_t, write, (int fd, const void* buffer, size_t bytes), (fd, buffer, bytes), fd_write,
        (word(fd), word(bytes)), true)
WRAPPER(ssize_t, readv, (int fd, const iovec* buffers, int count), (fd, buffers, count), fd_read,
        (word(fd), bytes_of(buffers, static_cast<std::size_t>(count))), true)
WRAPPER(ssize_t, writev, (int fd, const iovec* buffers, int count), (fd, buffers, count), fd_write,
        (word(fd), bytes_of(buffers, static_cast<std::size_t>(count))), true)
WRAPPER(int, close, (int fd), (fd), fd_close, (word(fd)), false)
WRAPPER(int, epoll_create1, (int flags), (flags), epoll_create, (), true)
WRAPPER(int, epoll_ctl, (int epfd, int op, int fd, epoll_event* event), (epfd, op, fd, event),
        epoll_ctl, (word(epfd), word(op), word(fd)), false)
WRAPPER(int, epoll_wait, (int epfd, epoll_event* events, int count, int timeout),
        (epfd, events, count, timeout), epoll_wait, (word(epfd), word(count)), true)
WRAPPER(int, poll, (pollfd * entries, nfds_t count, int timeout), (entries, count, timeout),
        poll_oneoff, (word(count)), true)
WRAPPER(int, ppoll, (pollfd * entries, nfds_t count, const timespec* timeout, const sigset_t* mask),
        (entries, count, timeout, mask), poll_oneoff, (word(count)), true)
