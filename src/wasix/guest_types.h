#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wasmax::wasix {

// What crosses the boundary by value or in guest memory, with the guest's layout. All integers are
// little-endian, as on the host. Padding is spelled out and zero, so that a stored struct never
// carries bytes of the host's stack to the guest. Source: shared/abi/wasix.json.

using Size = std::uint32_t;       ///< a size or count; wasix: size
using Filesize = std::uint64_t;   ///< wasix: filesize
using Filedelta = std::int64_t;   ///< wasix: filedelta
using Timestamp = std::uint64_t;  ///< nanoseconds; wasix: timestamp
using Dircookie = std::uint64_t;  ///< wasix: dircookie

/// An address that lies in guest memory, or a function pointer: 32 or 64 bits there.
enum class GuestAddress : std::uint64_t {};

enum class Fd : std::int32_t {};   ///< of the guest; wasix: fd
enum class Pid : std::int32_t {};  ///< wasix: pid
enum class Tid : std::int32_t {};  ///< wasix: tid

// Values outside the enumerators arrive too: handlers answer them with Errno::inval.

enum class Bool : std::uint8_t { false_, true_ };

enum class Clockid : std::uint32_t { realtime, monotonic, process_cputime_id, thread_cputime_id };

enum class Whence : std::uint8_t { set, cur, end };
/// Of wasi_unstable. wasix: 13.2
enum class Snapshot0Whence : std::uint8_t { cur, end, set };

enum class Filetype : std::uint8_t {
    unknown,
    block_device,
    character_device,
    directory,
    regular_file,
    socket_dgram,
    socket_stream,
    symbolic_link,
    socket_raw,
    socket_seqpacket,
};

enum class Advice : std::uint8_t { normal, sequential, random, willneed, dontneed, noreuse };

enum class Signal : std::uint8_t {};  ///< Linux's numbers; wasix: 9.1

enum class SocketType : std::uint8_t { unused, stream, dgram, raw, seqpacket };

enum class SocketProtocol : std::uint16_t { ip = 0, tcp = 6, udp = 17 };

enum class AddressFamily : std::uint8_t { unspec, inet4, inet6, unix_ };

enum class SocketStatus : std::uint8_t { opening, opened, closed, failed };

enum class SocketOption : std::uint8_t {
    noop,
    reuse_port,
    reuse_addr,
    no_delay,
    dont_route,
    only_v6,
    broadcast,
    multicast_loop_v4,
    multicast_loop_v6,
    promiscuous,
    listening,
    last_error,
    keep_alive,
    linger,
    oob_inline,
    recv_buf_size,
    send_buf_size,
    recv_lowat,
    send_lowat,
    recv_timeout,
    send_timeout,
    connect_timeout,
    accept_timeout,
    ttl,
    multicast_ttl_v4,
    type,
    proto,
};

/// A set of bits, each an enumerator of Bit.
template <class Bit, class Word>
class Flags {
public:
    using word_type = Word;

    constexpr Flags() = default;
    constexpr explicit Flags(Word bits) : bits_(bits) {}
    // NOLINTNEXTLINE(google-explicit-constructor): one bit is a set of bits.
    constexpr Flags(Bit bit) : bits_(static_cast<Word>(bit)) {}

    [[nodiscard]] constexpr Word bits() const { return bits_; }
    [[nodiscard]] constexpr bool has(Bit bit) const {
        return (bits_ & static_cast<Word>(bit)) != 0;
    }
    [[nodiscard]] constexpr bool has_all(Flags other) const {
        return (bits_ & other.bits_) == other.bits_;
    }
    [[nodiscard]] constexpr Flags without(Flags other) const {
        return Flags(static_cast<Word>(bits_ & ~other.bits_));
    }
    friend constexpr Flags operator|(Flags a, Flags b) {
        return Flags(static_cast<Word>(a.bits_ | b.bits_));
    }
    friend constexpr Flags operator&(Flags a, Flags b) {
        return Flags(static_cast<Word>(a.bits_ & b.bits_));
    }
    constexpr Flags& operator|=(Flags other) { return *this = *this | other; }
    constexpr bool operator==(const Flags&) const = default;

private:
    Word bits_ = 0;
};

enum class Fdflag : std::uint16_t { append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16 };
using Fdflags = Flags<Fdflag, std::uint16_t>;

enum class FdflagExt : std::uint16_t { cloexec = 1 };
using FdflagsExt = Flags<FdflagExt, std::uint16_t>;

enum class Fstflag : std::uint16_t { atim = 1, atim_now = 2, mtim = 4, mtim_now = 8 };
using Fstflags = Flags<Fstflag, std::uint16_t>;

enum class Lookupflag : std::uint32_t { symlink_follow = 1 };
using Lookupflags = Flags<Lookupflag, std::uint32_t>;

enum class Oflag : std::uint16_t { creat = 1, directory = 2, excl = 4, trunc = 8 };
using Oflags = Flags<Oflag, std::uint16_t>;

enum class Riflag : std::uint16_t { peek = 1, waitall = 2, data_truncated = 4, dont_wait = 8 };
using Riflags = Flags<Riflag, std::uint16_t>;

enum class Roflag : std::uint16_t { data_truncated = 1 };
using Roflags = Flags<Roflag, std::uint16_t>;

enum class Siflag : std::uint16_t { dont_wait = 1 };
using Siflags = Flags<Siflag, std::uint16_t>;

enum class Sdflag : std::uint8_t { rd = 1, wr = 2 };
using Sdflags = Flags<Sdflag, std::uint8_t>;

enum class Eventfdflag : std::uint16_t { semaphore = 1, nonblock = 4 };  // wasix: 2.21
using Eventfdflags = Flags<Eventfdflag, std::uint16_t>;

/// What a descriptor may be used for. wasix: rights
enum class Right : std::uint64_t {
    fd_datasync = 1ULL << 0,
    fd_read = 1ULL << 1,
    fd_seek = 1ULL << 2,
    fd_fdstat_set_flags = 1ULL << 3,
    fd_sync = 1ULL << 4,
    fd_tell = 1ULL << 5,
    fd_write = 1ULL << 6,
    fd_advise = 1ULL << 7,
    fd_allocate = 1ULL << 8,
    path_create_directory = 1ULL << 9,
    path_create_file = 1ULL << 10,
    path_link_source = 1ULL << 11,
    path_link_target = 1ULL << 12,
    path_open = 1ULL << 13,
    fd_readdir = 1ULL << 14,
    path_readlink = 1ULL << 15,
    path_rename_source = 1ULL << 16,
    path_rename_target = 1ULL << 17,
    path_filestat_get = 1ULL << 18,
    path_filestat_set_size = 1ULL << 19,
    path_filestat_set_times = 1ULL << 20,
    fd_filestat_get = 1ULL << 21,
    fd_filestat_set_size = 1ULL << 22,
    fd_filestat_set_times = 1ULL << 23,
    path_symlink = 1ULL << 24,
    path_remove_directory = 1ULL << 25,
    path_unlink_file = 1ULL << 26,
    poll_fd_readwrite = 1ULL << 27,
    sock_shutdown = 1ULL << 28,
    sock_accept = 1ULL << 29,
    sock_connect = 1ULL << 30,
    sock_listen = 1ULL << 31,
    sock_bind = 1ULL << 32,
    sock_recv = 1ULL << 33,
    sock_send = 1ULL << 34,
    sock_addr_local = 1ULL << 35,
    sock_addr_remote = 1ULL << 36,
    sock_recv_from = 1ULL << 37,
    sock_send_to = 1ULL << 38,
};
using Rights = Flags<Right, std::uint64_t>;
/// Bits 39 and above have no meaning, and guests pass them. wasix: rights (note)
inline constexpr Rights kAllRights{(std::uint64_t{1} << 39) - 1};

/// A buffer of the guest, however it lies in its memory (guest_memory.h). Also ciovec. wasix: iovec
struct Iovec {
    std::uint64_t buf;
    Size buf_len;
};
struct Iovec32 {
    std::uint32_t buf;
    Size buf_len;
};
struct Iovec64 {
    std::uint64_t buf;
    Size buf_len;
    std::uint32_t padding;
};

struct Fdstat {
    Filetype filetype{};
    std::uint8_t padding0 = 0;
    Fdflags flags;
    std::array<std::uint8_t, 4> padding1{};
    Rights rights_base;
    Rights rights_inheriting;
};

struct Filestat {
    std::uint64_t dev = 0;
    std::uint64_t ino = 0;
    Filetype filetype{};
    std::array<std::uint8_t, 7> padding{};
    std::uint64_t nlink = 0;
    Filesize size = 0;
    Timestamp atim = 0;
    Timestamp mtim = 0;
    Timestamp ctim = 0;
};

/// Of wasi_unstable. wasix: 13.2
struct Snapshot0Filestat {
    std::uint64_t dev = 0;
    std::uint64_t ino = 0;
    Filetype filetype{};
    std::array<std::uint8_t, 3> padding{};
    std::uint32_t nlink = 0;
    Filesize size = 0;
    Timestamp atim = 0;
    Timestamp mtim = 0;
    Timestamp ctim = 0;
};

/// The only kind there is: a directory, tag 0.
struct Prestat {
    std::uint8_t tag = 0;
    std::array<std::uint8_t, 3> padding{};
    Size name_len = 0;
};

/// Followed by `namlen` bytes of name.
struct Dirent {
    Dircookie next = 0;
    std::uint64_t ino = 0;
    Size namlen = 0;
    Filetype type{};
    std::array<std::uint8_t, 3> padding{};
};

/// `fd_except`, urgent data, is newer than the others: libc's poll asks so for POLLPRI.
enum class Eventtype : std::uint8_t { clock, fd_read, fd_write, fd_except };

enum class Subclockflag : std::uint16_t { abstime = 1 };
using Subclockflags = Flags<Subclockflag, std::uint16_t>;

enum class Eventrwflag : std::uint16_t { hangup = 1 };
using Eventrwflags = Flags<Eventrwflag, std::uint16_t>;

/// The fields from `clock` on belong to Eventtype::clock; `fd()` is the other kinds' only field.
struct Subscription {
    std::uint64_t userdata;
    Eventtype type;
    std::array<std::uint8_t, 7> padding0;
    Clockid clock;
    std::uint32_t padding1;
    Timestamp timeout;
    Timestamp precision;
    Subclockflags flags;
    std::array<std::uint8_t, 6> padding2;

    [[nodiscard]] Fd fd() const { return static_cast<Fd>(clock); }
};

/// Of wasi_unstable. wasix: 13.2
struct Snapshot0Subscription {
    std::uint64_t userdata;
    Eventtype type;
    std::array<std::uint8_t, 7> padding0;
    std::uint32_t identifier_low;  ///< or the fd
    std::uint32_t identifier_high;
    Clockid clock;
    std::uint32_t padding1;
    Timestamp timeout;
    Timestamp precision;
    Subclockflags flags;
    std::array<std::uint8_t, 6> padding2;
};

struct Event {
    std::uint64_t userdata = 0;
    std::uint16_t error = 0;  ///< an Errno
    Eventtype type{};
    std::array<std::uint8_t, 5> padding0{};
    Filesize nbytes = 0;
    Eventrwflags flags;
    std::array<std::uint8_t, 6> padding1{};
};

/// The data is the guest's (a pointer, an fd, two numbers): events carry what the interest was
/// registered with. wasix: 7.3
struct EpollEvent {
    std::uint32_t events = 0;
    std::uint32_t padding = 0;
    std::array<std::uint64_t, 3> data{};
};

struct SignalDisposition {
    Signal signal{};
    std::uint8_t disposition = 0;
};

struct OptionTimestamp {
    std::uint8_t tag = 0;  ///< 1: some
    std::array<std::uint8_t, 7> padding{};
    Timestamp value = 0;
};

/// What stack_checkpoint leaves for stack_restore: libc's jmp_buf.
struct StackSnapshot {
    std::uint64_t user = 0;               ///< the guest's, from then on
    std::array<std::uint64_t, 2> hash{};  ///< ours
};

struct Tty {
    std::uint32_t cols = 0;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    Bool stdin_tty{};
    Bool stdout_tty{};
    Bool stderr_tty{};
    Bool echo{};
    Bool line_buffered{};
    Bool line_feeds{};
    std::array<std::uint8_t, 2> padding{};
};

/// In network order, as everywhere. wasix: 5.9
struct Inet4 {
    std::array<std::uint8_t, 4> octets;
};
struct Inet6 {
    std::array<std::uint8_t, 16> octets;
};

/// An address without port; IPv4 uses the first four octets. wasix: 5.10
struct AddressIp {
    AddressFamily family{};
    std::uint8_t padding = 0;
    std::array<std::uint8_t, 16> octets{};
};

/// An address of an interface and the length of its network's prefix: behind the four octets of
/// IPv4, or at the end. wasix: 5.11
struct AddressCidr {
    AddressFamily family{};
    std::uint8_t padding0 = 0;
    std::array<std::uint8_t, 24> octets{};
    std::uint8_t inet6_prefix = 0;
    std::uint8_t padding1 = 0;
};

struct HardwareAddress {
    std::array<std::uint8_t, 6> octets;
};

/// The bytes a whole addr_port takes in the guest; each family uses a part. wasix: 5.1
inline constexpr Size kAddressPortBytes = 110;

/// An address with its port, of any family: what sockets are bound and connected to. Its bytes
/// depend on the family, so address.h reads and writes it.
struct AddressPort {
    std::array<std::uint8_t, kAddressPortBytes> bytes;
};

/// Whether T can be copied between host and guest as bytes without losing or leaking any.
template <class T>
concept GuestData = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

#define WASIX_LAYOUT(type, size) static_assert(GuestData<type> && sizeof(type) == (size))
#define WASIX_FIELD(type, field, offset) static_assert(offsetof(type, field) == (offset))
WASIX_LAYOUT(Iovec32, 8);
WASIX_FIELD(Iovec32, buf, 0);
WASIX_FIELD(Iovec32, buf_len, 4);
WASIX_LAYOUT(Iovec64, 16);
WASIX_FIELD(Iovec64, buf, 0);
WASIX_FIELD(Iovec64, buf_len, 8);
WASIX_LAYOUT(Fdstat, 24);
WASIX_FIELD(Fdstat, filetype, 0);
WASIX_FIELD(Fdstat, flags, 2);
WASIX_FIELD(Fdstat, rights_base, 8);
WASIX_FIELD(Fdstat, rights_inheriting, 16);
WASIX_LAYOUT(Filestat, 64);
WASIX_FIELD(Filestat, dev, 0);
WASIX_FIELD(Filestat, ino, 8);
WASIX_FIELD(Filestat, filetype, 16);
WASIX_FIELD(Filestat, nlink, 24);
WASIX_FIELD(Filestat, size, 32);
WASIX_FIELD(Filestat, atim, 40);
WASIX_FIELD(Filestat, mtim, 48);
WASIX_FIELD(Filestat, ctim, 56);
WASIX_LAYOUT(Snapshot0Filestat, 56);
WASIX_FIELD(Snapshot0Filestat, dev, 0);
WASIX_FIELD(Snapshot0Filestat, ino, 8);
WASIX_FIELD(Snapshot0Filestat, filetype, 16);
WASIX_FIELD(Snapshot0Filestat, nlink, 20);
WASIX_FIELD(Snapshot0Filestat, size, 24);
WASIX_FIELD(Snapshot0Filestat, atim, 32);
WASIX_FIELD(Snapshot0Filestat, mtim, 40);
WASIX_FIELD(Snapshot0Filestat, ctim, 48);
WASIX_LAYOUT(Prestat, 8);
WASIX_FIELD(Prestat, tag, 0);
WASIX_FIELD(Prestat, name_len, 4);
WASIX_LAYOUT(Dirent, 24);
WASIX_FIELD(Dirent, next, 0);
WASIX_FIELD(Dirent, ino, 8);
WASIX_FIELD(Dirent, namlen, 16);
WASIX_FIELD(Dirent, type, 20);
WASIX_LAYOUT(Subscription, 48);
WASIX_FIELD(Subscription, userdata, 0);
WASIX_FIELD(Subscription, type, 8);
WASIX_FIELD(Subscription, clock, 16);
WASIX_FIELD(Subscription, timeout, 24);
WASIX_FIELD(Subscription, precision, 32);
WASIX_FIELD(Subscription, flags, 40);
WASIX_LAYOUT(Snapshot0Subscription, 56);
WASIX_FIELD(Snapshot0Subscription, userdata, 0);
WASIX_FIELD(Snapshot0Subscription, type, 8);
WASIX_FIELD(Snapshot0Subscription, identifier_low, 16);
WASIX_FIELD(Snapshot0Subscription, clock, 24);
WASIX_FIELD(Snapshot0Subscription, timeout, 32);
WASIX_FIELD(Snapshot0Subscription, precision, 40);
WASIX_FIELD(Snapshot0Subscription, flags, 48);
WASIX_LAYOUT(Event, 32);
WASIX_FIELD(Event, userdata, 0);
WASIX_FIELD(Event, error, 8);
WASIX_FIELD(Event, type, 10);
WASIX_FIELD(Event, nbytes, 16);
WASIX_FIELD(Event, flags, 24);
WASIX_LAYOUT(EpollEvent, 32);
WASIX_FIELD(EpollEvent, events, 0);
WASIX_FIELD(EpollEvent, data, 8);
WASIX_LAYOUT(SignalDisposition, 2);
WASIX_FIELD(SignalDisposition, disposition, 1);
WASIX_LAYOUT(OptionTimestamp, 16);
WASIX_FIELD(OptionTimestamp, tag, 0);
WASIX_FIELD(OptionTimestamp, value, 8);
WASIX_LAYOUT(StackSnapshot, 24);
WASIX_FIELD(StackSnapshot, hash, 8);
WASIX_LAYOUT(AddressIp, 18);
WASIX_FIELD(AddressIp, octets, 2);
WASIX_LAYOUT(AddressCidr, 28);
WASIX_FIELD(AddressCidr, octets, 2);
WASIX_FIELD(AddressCidr, inet6_prefix, 26);
WASIX_LAYOUT(HardwareAddress, 6);
WASIX_LAYOUT(Tty, 24);
WASIX_FIELD(Tty, cols, 0);
WASIX_FIELD(Tty, rows, 4);
WASIX_FIELD(Tty, width, 8);
WASIX_FIELD(Tty, height, 12);
WASIX_FIELD(Tty, stdin_tty, 16);
WASIX_FIELD(Tty, stdout_tty, 17);
WASIX_FIELD(Tty, stderr_tty, 18);
WASIX_FIELD(Tty, echo, 19);
WASIX_FIELD(Tty, line_buffered, 20);
WASIX_FIELD(Tty, line_feeds, 21);
#undef WASIX_LAYOUT
#undef WASIX_FIELD

}  // namespace wasmax::wasix
