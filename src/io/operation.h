#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <variant>

namespace wasmax::io {

// What can be done with a host descriptor, as data: transfers, waits, and what must stay in order
// with them. An operation borrows everything it points to until Backend::run returns.

using Buffers = std::span<const iovec>;  ///< at most IOV_MAX (1024)

/// Offset of a Read or Write that uses and advances the file position.
inline constexpr std::int64_t kFilePosition = -1;

/// Result: bytes read, 0 at the end. posix: readv, linux: preadv(2)
struct Read {
    int fd;
    Buffers buffers;
    std::int64_t offset = kFilePosition;
};

/// Result: bytes written. posix: writev, linux: pwritev(2)
struct Write {
    int fd;
    Buffers buffers;
    std::int64_t offset = kFilePosition;
};

/// Where the kernel writes an address. `bytes` is the capacity before and the length after.
struct AddressBuffer {
    sockaddr_storage storage;  ///< uninitialised: cleared storage would cost 128 bytes per accept
    socklen_t bytes = sizeof(sockaddr_storage);
};

/// Result: the new descriptor, owned by the caller. linux: accept4(2)
struct Accept {
    int fd;
    int flags = 0;                     ///< SOCK_NONBLOCK, SOCK_CLOEXEC
    AddressBuffer* address = nullptr;  ///< of the peer; null: not wanted
};

/// Result: 0. Interrupted, it goes on and is waited for. posix: connect
struct Connect {
    int fd;
    const sockaddr* address;
    socklen_t address_bytes;
};

/// Result: bytes received. posix: recvmsg
struct Receive {
    int fd;
    Buffers buffers;
    int flags = 0;                     ///< MSG_*
    AddressBuffer* address = nullptr;  ///< of the sender; null: not wanted
    int* message_flags = nullptr;      ///< set to msg_flags; null: not wanted
};

/// Result: bytes sent. Never raises SIGPIPE. posix: sendmsg
struct Send {
    int fd;
    Buffers buffers;
    int flags = 0;                      ///< MSG_*
    const sockaddr* address = nullptr;  ///< null: the connected peer
    socklen_t address_bytes = 0;
};

/// Result: 0. posix: shutdown
struct Shutdown {
    int fd;
    int how;  ///< SHUT_RD, SHUT_WR, SHUT_RDWR
};

/// What the kernel transfers at most in one call. linux: sendfile(2)
inline constexpr std::size_t kMaxTransferBytes = 0x7fff'f000;

/// Sends from `offset` of the file `in`, or from its position, which then moves on. Result: bytes
/// sent, 0 at the end. linux: sendfile(2)
struct SendFile {
    int fd;
    int in;
    std::size_t bytes;  ///< at most kMaxTransferBytes
    std::int64_t offset = kFilePosition;
};

inline constexpr std::int64_t kImmediately = 0;
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

class PollMirror;

/// Waits until one of `entries`, which have no `revents` yet, is ready or CLOCK_MONOTONIC reaches
/// `deadline_ns`: an absolute time, so that an interrupted wait needs no bookkeeping. No entries: a
/// sleep. Result: how many entries have `revents`. linux: ppoll(2)
struct Poll {
    std::span<pollfd> entries;
    std::int64_t deadline_ns = kNever;
    /// Of the calling thread, for what a back end wants to remember of the entries, which then are
    /// all of kinds that epoll learns every change of; null: there is nothing to be remembered.
    PollMirror* mirror = nullptr;
};

enum class SyncScope : std::uint8_t { data, data_and_metadata };

/// Result: 0. posix: fsync, fdatasync
struct Sync {
    int fd;
    SyncScope scope;
};

/// Gives up `fd`, which is free again whatever happens. Result: 0, never an error. posix: close
struct Close {
    int fd;
};

/// At most eleven kinds: so many libstdc++ visits with a switch instead of a table of functions.
using Operation = std::variant<Read, Write, Accept, Connect, Receive, Send, SendFile, Shutdown,
                               Poll, Sync, Close>;

}  // namespace wasmax::io
