#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/directory.h"
#include "wasix/epoll_set.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

/// What is known about a socket without asking the kernel.
struct Socket {
    AddressFamily family = AddressFamily::unspec;
    SocketType type = SocketType::stream;
    /// The guest set reuse_addr itself, so bind leaves it alone. wasix: 6.4
    std::atomic<bool> reuse_addr_chosen = false;
    std::atomic<bool> listening = false;
};

/// How one learns that a file is ready, and what can be read then.
enum class Readiness : std::uint8_t {
    polled,     ///< by asking each time: files, terminals, epoll instances
    announced,  ///< epoll learns of each change: pipes and sockets
    counter,    ///< so it does, and the eight bytes of a number can be read: eventfds
};

/// Preopened directories are numbered from here up, without a gap. wasix: 2.2
inline constexpr Fd kFirstPreopen{3};

/// Whether the process has one guest thread, and so nobody else moves a file's position.
enum class Threads : std::uint8_t { one, many };

/// An open file description: what descriptors refer to and dup() shares. Immutable but for its
/// atomics and, while the process has one thread, the position. Threads: any.
/// posix: open file description
class OpenFile {
public:
    /// Takes over a host descriptor of any kind and asks the kernel what it is. `io` outlives it.
    /// Errors: what fstat, fcntl and getsockopt answer.
    [[nodiscard]] static Result<std::shared_ptr<OpenFile>, io::HostErrno> adopt(UniqueFd fd,
                                                                                io::Backend& io);
    /// Takes over a host descriptor just opened with `flags` (O_*), by nobody but this process. Of
    /// regular files it keeps the position while the process has one thread
    /// (docs/decisions/0016-file-positions.md). Errors: what fstat answers.
    [[nodiscard]] static Result<std::shared_ptr<OpenFile>, io::HostErrno> opened(UniqueFd fd,
                                                                                 int flags,
                                                                                 io::Backend& io,
                                                                                 Threads threads);
    /// A new socket, of which the caller knows everything. `nonblocking` is its O_NONBLOCK.
    [[nodiscard]] static std::shared_ptr<OpenFile> make_socket(UniqueFd fd, io::Backend& io,
                                                               AddressFamily family,
                                                               SocketType type, bool nonblocking);

    /// A new eventfd.
    [[nodiscard]] static std::shared_ptr<OpenFile> make_counter(UniqueFd fd, io::Backend& io,
                                                                bool nonblocking);
    /// A new epoll instance.
    [[nodiscard]] static std::shared_ptr<OpenFile> make_epoll(UniqueFd fd, io::Backend& io);

    OpenFile(UniqueFd fd, io::Backend& io, Filetype filetype, Rights rights);
    /// Closes the host descriptor, through the back end.
    ~OpenFile();
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    [[nodiscard]] int host_fd() const { return fd_.get(); }
    [[nodiscard]] Filetype filetype() const { return filetype_; }
    [[nodiscard]] Readiness readiness() const { return readiness_; }
    /// All that makes sense for this kind of file.
    [[nodiscard]] Rights rights() const { return rights_; }
    /// Null if it is no socket.
    [[nodiscard]] Socket* socket() { return socket_ ? &*socket_ : nullptr; }
    /// Null if it is no directory.
    [[nodiscard]] DirectoryListing* listing() { return listing_.get(); }
    /// Null if it is no epoll instance.
    [[nodiscard]] EpollSet* epoll() { return epoll_.get(); }
    [[nodiscard]] bool is_nonblocking() const {
        return nonblocking_.load(std::memory_order_relaxed);
    }
    /// Whether others have the same description open: what happens to it when this is closed is
    /// not for us to know.
    [[nodiscard]] bool is_inherited() const { return is_inherited_; }
    void set_inherited() { is_inherited_ = true; }
    /// A host descriptor of it that belongs to the guest's descriptor `fd`, for what takes host
    /// descriptors apart; closed with the file. Errors: those of fcntl(2).
    [[nodiscard]] Result<int, io::HostErrno> duplicate_for(Fd fd);
    /// The same if it was made before; else -1.
    [[nodiscard]] int duplicate_of(Fd fd) const;
    /// Records that O_NONBLOCK of the host descriptor was changed.
    void set_nonblocking(bool nonblocking) {
        nonblocking_.store(nonblocking, std::memory_order_relaxed);
    }

    /// Where the next transfer at the file's position begins, for its Operation; kFilePosition if
    /// the kernel keeps it.
    [[nodiscard]] std::int64_t position() const { return position_; }
    /// A transfer that began at position(), `from`, was of `bytes`.
    void advance(std::int64_t from, std::size_t bytes) {
        if (from != io::kFilePosition) [[likely]] {
            position_ = from + static_cast<std::int64_t>(bytes);
        }
    }
    /// As lseek(2), whoever keeps the position; `host_whence` is SEEK_SET, SEEK_CUR or SEEK_END.
    [[nodiscard]] Result<Filesize, io::HostErrno> seek(Filedelta offset, int host_whence);
    /// The kernel keeps the position from now on: before it matters to anything but the calls
    /// above. Threads: before a second one exists, unless the kernel already does.
    void leave_position_to_kernel();

private:
    UniqueFd fd_;
    io::Backend& io_;
    std::int64_t position_ = io::kFilePosition;
    Filetype filetype_;
    Readiness readiness_ = Readiness::polled;
    bool is_inherited_ = false;
    Rights rights_;
    std::atomic<bool> nonblocking_ = false;
    std::optional<Socket> socket_;
    std::unique_ptr<DirectoryListing> listing_;
    std::unique_ptr<EpollSet> epoll_;
    mutable std::mutex duplicates_mutex_;  // guards what is below; no other lock is taken under it
    std::vector<std::pair<Fd, UniqueFd>> duplicates_;
};

/// What a number in the table stands for.
struct Descriptor {
    std::shared_ptr<OpenFile> file;
    Rights rights;             ///< what this descriptor may be used for
    Rights rights_inheriting;  ///< what may be asked for when opening relative to it
    FdflagsExt flags;          ///< close on exec
    /// The guest's name of a preopened directory. wasix: 2.1
    std::shared_ptr<const std::string> preopen = nullptr;
    /// A directory in which nothing can be changed, or something opened in one.
    bool read_only = false;

    /// With all rights of `file`, for it and what is opened relative to it.
    [[nodiscard]] static Descriptor of(std::shared_ptr<OpenFile> file);
    /// Why a right of `needed`, which `rights` lacks, is missing: FileTable::lookup().
    [[nodiscard, gnu::cold]] Errno missing_right(Rights needed) const;
};

class FileRef;

/// A process's descriptors. Threads: any, once share_between_threads() was called; before that one
/// thread, which then pays neither for a lock nor for a reference count. A look-up never takes a
/// lock: it counts itself in the slot's one word (file_table.cpp).
class FileTable {
public:
    /// One more than the highest number a guest can use.
    static constexpr std::size_t kMaxDescriptors = std::size_t{1} << 16;

    FileTable();
    FileTable(const FileTable&) = delete;
    FileTable& operator=(const FileTable&) = delete;
    ~FileTable();

    /// No number from `count` up is given out any more. At most kMaxDescriptors.
    void limit(std::size_t count) { limit_ = std::min(count, kMaxDescriptors); }

    /// Call before a second thread exists. The kernel keeps all files' positions from then on.
    void share_between_threads();
    [[nodiscard]] Threads threads() const { return shared_ ? Threads::many : Threads::one; }

    /// The open file `fd` stands for. Errors: badf (no such descriptor); if a right of `needed` is
    /// missing, what POSIX says of such a file: notsock, notdir, isdir, spipe, inval (its size),
    /// badf (not open for reading or writing), else notcapable.
    [[nodiscard]] Result<FileRef, Errno> lookup(Fd fd, Rights needed);
    /// Whether share_between_threads() was called.
    [[nodiscard]] bool is_shared() const { return shared_; }
    /// The same unless is_shared(): then nobody closes what is found before the call is over.
    [[nodiscard]] Result<OpenFile*, Errno> lookup_alone(Fd fd, Rights needed) const;

    /// A copy of what `fd` stands for. Errors: badf.
    [[nodiscard]] Result<Descriptor, Errno> get(Fd fd) const;
    /// Whether `fd` stands for `file`.
    [[nodiscard]] bool stands_for(Fd fd, const OpenFile& file) const;
    /// The lowest free number that is at least `minimum`, now standing for `descriptor`.
    /// Errors: inval (`minimum` is no number a guest can use), mfile (none is free).
    [[nodiscard]] Result<Fd, Errno> insert(Descriptor descriptor, Fd minimum = Fd{0});
    /// A number for a file that is yet to come, so that what cannot be undone (accepting, creating)
    /// happens only if there is one. Free again at its end unless it was filled.
    class Reservation {
    public:
        Reservation(Reservation&& other) noexcept
            : table_(std::exchange(other.table_, nullptr)), index_(other.index_) {}
        Reservation& operator=(Reservation&&) = delete;
        ~Reservation() {
            if (table_ != nullptr) {
                table_->give_up(index_);
            }
        }
        /// The number, now standing for `descriptor`. Once.
        [[nodiscard]] Fd fill(Descriptor descriptor) &&;

    private:
        friend class FileTable;
        Reservation(FileTable& table, std::size_t index) : table_(&table), index_(index) {}

        FileTable* table_;  // null: filled, or moved away
        std::size_t index_;
    };
    /// The lowest free number. Errors: mfile (none is free).
    [[nodiscard]] Result<Reservation, Errno> reserve();
    /// Makes `fd` stand for `descriptor`; what it stood for is returned, to be closed when dropped.
    /// Errors: badf (no number a guest can use), busy (it is reserved, as dup2(2) says).
    [[nodiscard]] Result<std::optional<Descriptor>, Errno> replace(Fd fd, Descriptor descriptor);
    /// Frees the number; what it stood for is returned, to be closed when dropped. A preopened
    /// directory stays, and nothing is returned (`file` is null). wasix: 2.8. Errors: badf.
    [[nodiscard]] Result<Descriptor, Errno> close(Fd fd);
    /// Likewise, and a preopened directory does not stay.
    [[nodiscard]] Result<Descriptor, Errno> close_any(Fd fd);
    /// Errors: badf.
    [[nodiscard]] Result<void, Errno> set_flags(Fd fd, FdflagsExt flags);
    /// Errors: badf; notcapable (not a subset of the present ones).
    [[nodiscard]] Result<void, Errno> set_rights(Fd fd, Rights rights, Rights inheriting);

private:
    friend class FileRef;

    /// What a used slot points to. Immutable but for `holders`.
    struct Entry {
        Descriptor descriptor;
        /// kInSlot while a slot points here, and one for each look-up that the slot does not count.
        std::atomic<std::int64_t> holders;
    };
    /// An address of an Entry, or null, in the upper 48 bits, and how many look-ups use it: they
    /// change together. Of a cache line, which threads with other descriptors leave alone.
    struct alignas(64) Slot {
        std::atomic<std::uint64_t> word;
        OpenFile* file;  ///< of the entry, as `rights`: for a process with one thread
        Rights rights;
    };
    static constexpr unsigned kCountBits = 16;
    static constexpr std::int64_t kInSlot = std::int64_t{1} << 32;

    [[nodiscard]] static Entry* entry_in(std::uint64_t word) {
        return std::bit_cast<Entry*>(word >> kCountBits);
    }
    /// nullptr: no descriptor has that number.
    [[nodiscard]] Slot* slot_of(Fd fd) const {
        const auto index = static_cast<std::size_t>(static_cast<std::uint32_t>(fd));
        return index < kMaxDescriptors ? &slots_[index] : nullptr;
    }
    [[nodiscard]] std::unique_lock<std::mutex> lock() const {
        return shared_ ? std::unique_lock(mutex_) : std::unique_lock<std::mutex>();
    }
    /// For one thread, or under the lock.
    [[nodiscard]] Entry* find(Fd fd) const {
        const Slot* slot = slot_of(fd);
        return slot == nullptr ? nullptr : entry_in(slot->word.load(std::memory_order_relaxed));
    }

    /// What a FileRef refers to.
    struct Borrowed {
        Entry* entry;
        Slot* slot;
    };
    /// No entry: `error` says why. The result fits registers.
    [[nodiscard]] Borrowed lookup_shared(Slot& slot, Rights needed, Errno& error) const;
    [[nodiscard]] FileRef borrow(Slot& slot) const;
    [[nodiscard]] FileRef borrow_counted(Slot& slot) const;
    static void give_back(Slot* slot, Entry* entry);
    static void drop(Entry* entry);
    static void destroy(Entry* entry);
    std::optional<Descriptor> exchange(std::size_t index, Entry* next);
    std::optional<Descriptor> put(std::size_t index, Descriptor descriptor);
    Descriptor take(Fd fd);
    void give_up(std::size_t index);
    [[nodiscard]] bool is_used(std::size_t index) const;
    void mark_used(std::size_t index);
    void mark_free(std::size_t index);
    [[nodiscard]] std::size_t lowest_free(std::size_t minimum) const;

    struct Unmap {
        void operator()(Slot* slots) const;
    };

    bool shared_ = false;
    std::size_t limit_ = kMaxDescriptors;
    const std::unique_ptr<Slot[], Unmap> slots_;  // of kMaxDescriptors
    // Once shared_, guards changes of all slots, and what is below; no other lock is taken under
    // it.
    mutable std::mutex mutex_;
    std::vector<std::uint64_t> used_;  // a bit per slot that is not empty or is reserved
};

/// A file for the duration of a call: it stays open even if another guest thread closes the
/// descriptor meanwhile. Must not outlive the call.
class FileRef {
public:
    /// No file.
    FileRef() = default;
    FileRef(FileRef&& other) noexcept
        : file_(other.file_), slot_(other.slot_), entry_(std::exchange(other.entry_, nullptr)) {}
    FileRef& operator=(FileRef&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(slot_, other.slot_);
        std::swap(entry_, other.entry_);
        return *this;
    }
    FileRef(const FileRef&) = delete;
    FileRef& operator=(const FileRef&) = delete;
    /// Inlined even where a call is left by an exception: otherwise it would have to lie in memory.
    [[gnu::always_inline]] ~FileRef() {
        if (entry_ != nullptr) [[unlikely]] {
            FileTable::give_back(slot_, entry_);
        }
    }
    OpenFile* operator->() const { return file_; }
    OpenFile& operator*() const { return *file_; }
    explicit operator bool() const { return file_ != nullptr; }

private:
    friend class FileTable;
    FileRef(OpenFile* file, FileTable::Slot* slot, FileTable::Entry* entry)
        : file_(file), slot_(slot), entry_(entry) {}

    OpenFile* file_ = nullptr;
    FileTable::Slot* slot_ = nullptr;    // that counts this look-up; null: the entry's holders do
    FileTable::Entry* entry_ = nullptr;  // null while the process has one thread
};

inline Result<FileRef, Errno> FileTable::lookup(Fd fd, Rights needed) {
    const auto index = static_cast<std::size_t>(static_cast<std::uint32_t>(fd));
    if (index >= kMaxDescriptors) [[unlikely]] {
        return fail(Errno::badf);
    }
    Slot& slot = slots_[index];
    if (shared_) [[unlikely]] {
        Errno error{};
        const Borrowed found = lookup_shared(slot, needed, error);
        if (found.entry == nullptr) {
            return fail(error);
        }
        return FileRef(found.entry->descriptor.file.get(), found.slot, found.entry);
    }
    return FileRef(TRY(lookup_alone(fd, needed)), nullptr, nullptr);
}

inline Result<OpenFile*, Errno> FileTable::lookup_alone(Fd fd, Rights needed) const {
    const auto index = static_cast<std::size_t>(static_cast<std::uint32_t>(fd));
    if (index >= kMaxDescriptors) [[unlikely]] {
        return fail(Errno::badf);
    }
    const Slot& slot = slots_[index];
    if (slot.file == nullptr) [[unlikely]] {
        return fail(Errno::badf);
    }
    if (!slot.rights.has_all(needed)) [[unlikely]] {
        return fail(find(fd)->descriptor.missing_right(needed));
    }
    return slot.file;
}

}  // namespace wasmax::wasix
