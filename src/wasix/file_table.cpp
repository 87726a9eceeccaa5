// A process's descriptors: a slot per number, found without a lock.
//
// A slot's word holds the address of its entry and how many look-ups use the entry. A look-up adds
// itself with one compare-and-swap, so that it has counted itself in the very word in which it
// found the address; when it is over, it takes itself off again. Whoever empties a slot takes the
// word out whole and moves its count to the entry's `holders`, where those look-ups then sign off:
// they see that the slot has another word. An entry is put into a slot once, and its address is not
// used again before it is gone, so a slot that has the address has the count, too. The last holder
// destroys the entry. Until the slot's count has been moved, `holders` includes kInSlot, more than
// all look-ups together, so it cannot be 0 too early.

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/impl/recycling_allocator.h"

namespace wasmax::wasix {
namespace {

constexpr std::size_t kBits = 64;  // of a word of `used_`

std::size_t index_of(Fd fd) { return static_cast<std::size_t>(static_cast<std::uint32_t>(fd)); }

}  // namespace

void FileTable::Unmap::operator()(Slot* slots) const {
    ::munmap(slots, kMaxDescriptors * sizeof(Slot));
}

// Address space: a page of 64 slots comes to be with the first descriptor in it. Without 4 MiB of
// it there is no process to be had.
FileTable::FileTable()
    : slots_([] {
          void* const slots =
              ::mmap(nullptr, kMaxDescriptors * sizeof(Slot), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
          WASMAX_ASSERT(slots != MAP_FAILED);
          return static_cast<Slot*>(slots);
      }()) {}

FileTable::~FileTable() {
    for (std::size_t word = 0; word < used_.size(); ++word) {
        for (std::uint64_t left = used_[word]; left != 0; left &= left - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(left));
            (void)exchange(word * kBits + bit, nullptr);  // nobody wants what it was
        }
    }
}

void FileTable::destroy(Entry* entry) {
    std::destroy_at(entry);
    RecyclingAllocator<Entry>().deallocate(entry, 1);
}

/// Ends the hold of somebody who is counted in `holders`.
void FileTable::drop(Entry* entry) {
    if (entry->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        destroy(entry);
    }
}

/// Nothing (a null file) if the slot is empty.
FileRef FileTable::borrow(Slot& slot) const {
    constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
    // A look-up adds one at a time, and there are fewer threads than from here to kCountMask.
    constexpr std::uint64_t kMostCounted = kCountMask / 2;
    std::uint64_t word = slot.word.load(std::memory_order_relaxed);
    while (true) {
        if (entry_in(word) == nullptr) {
            return FileRef();
        }
        if ((word & kCountMask) >= kMostCounted) [[unlikely]] {
            return borrow_counted(slot);
        }
        if (slot.word.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
            Entry* const entry = entry_in(word);
            return FileRef(entry->descriptor.file.get(), &slot, entry);
        }
    }
}

/// Where the slot's count is nearly full: who polls one descriptor many thousand times at once.
FileRef FileTable::borrow_counted(Slot& slot) const {
    const std::unique_lock guard = lock();
    Entry* const entry = entry_in(slot.word.load(std::memory_order_relaxed));
    if (entry == nullptr) {
        return FileRef();
    }
    entry->holders.fetch_add(1, std::memory_order_relaxed);
    return FileRef(entry->descriptor.file.get(), nullptr, entry);
}

void FileTable::give_back(Slot* slot, Entry* entry) {
    if (slot != nullptr) {
        std::uint64_t word = slot->word.load(std::memory_order_relaxed);
        while (entry_in(word) == entry) {
            if (slot->word.compare_exchange_weak(word, word - 1, std::memory_order_release,
                                                 std::memory_order_relaxed)) {
                return;
            }
        }
    }
    drop(entry);
}

FileTable::Borrowed FileTable::lookup_shared(Slot& slot, Rights needed, Errno& error) const {
    FileRef file = borrow(slot);
    if (!file) {
        error = Errno::badf;
        return {};
    }
    const Descriptor& descriptor = file.entry_->descriptor;
    if (!descriptor.rights.has_all(needed)) {
        error = descriptor.missing_right(needed);
        return {};
    }
    return {std::exchange(file.entry_, nullptr), file.slot_};
}

void FileTable::share_between_threads() {
    if (shared_) {  // others read it
        return;
    }
    for (std::size_t word = 0; word < used_.size(); ++word) {
        for (std::uint64_t left = used_[word]; left != 0; left &= left - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(left));
            OpenFile* const file = slots_[word * kBits + bit].file;
            if (file != nullptr) {  // the number may be reserved only
                file->leave_position_to_kernel();
            }
        }
    }
    shared_ = true;
}

Result<Descriptor, Errno> FileTable::get(Fd fd) const {
    Slot* const slot = slot_of(fd);
    if (slot == nullptr) {
        return fail(Errno::badf);
    }
    if (!shared_) {
        const Entry* const entry = find(fd);
        return entry != nullptr ? Result<Descriptor, Errno>(entry->descriptor) : fail(Errno::badf);
    }
    const FileRef file = borrow(*slot);
    return file ? Result<Descriptor, Errno>(file.entry_->descriptor) : fail(Errno::badf);
}

bool FileTable::stands_for(Fd fd, const OpenFile& file) const {
    Slot* const slot = slot_of(fd);
    return slot != nullptr && (shared_ ? borrow(*slot).file_ : slot->file) == &file;
}

/// Puts `next`, or nothing if null, into a slot and returns what was there. For one thread, or
/// under the lock.
std::optional<Descriptor> FileTable::exchange(std::size_t index, Entry* next) {
    Slot& slot = slots_[index];
    slot.file = next == nullptr ? nullptr : next->descriptor.file.get();
    slot.rights = next == nullptr ? Rights() : next->descriptor.rights;
    const std::uint64_t word = slot.word.exchange(std::bit_cast<std::uint64_t>(next) << kCountBits,
                                                  std::memory_order_acq_rel);
    Entry* const entry = entry_in(word);
    if (entry == nullptr) {
        return std::nullopt;
    }
    const auto borrowed =
        static_cast<std::int64_t>(word - (std::bit_cast<std::uint64_t>(entry) << kCountBits));
    if (borrowed == 0 && entry->holders.load(std::memory_order_acquire) == kInSlot) {
        Descriptor descriptor = std::move(entry->descriptor);  // nobody else can come to see it
        destroy(entry);
        return descriptor;
    }
    Descriptor descriptor = entry->descriptor;
    const std::int64_t change = borrowed - kInSlot;
    if (entry->holders.fetch_add(change, std::memory_order_acq_rel) + change == 0) {
        destroy(entry);
    }
    return descriptor;
}

std::size_t FileTable::lowest_free(std::size_t minimum) const {
    for (std::size_t word = minimum / kBits; word < used_.size(); ++word) {
        std::uint64_t used = used_[word];
        if (word == minimum / kBits) {
            used |= (std::uint64_t{1} << (minimum % kBits)) - 1;
        }
        if (~used != 0) {
            return word * kBits + static_cast<std::size_t>(std::countr_one(used));
        }
    }
    return std::max(minimum, used_.size() * kBits);
}

bool FileTable::is_used(std::size_t index) const {
    return index / kBits < used_.size() && (used_[index / kBits] >> (index % kBits) & 1) != 0;
}

void FileTable::mark_used(std::size_t index) {
    if (index / kBits >= used_.size()) {
        used_.resize(index / kBits + 1);
    }
    used_[index / kBits] |= std::uint64_t{1} << (index % kBits);
}

void FileTable::mark_free(std::size_t index) {
    used_[index / kBits] &= ~(std::uint64_t{1} << (index % kBits));
}

/// Into a slot whose number is marked as used.
std::optional<Descriptor> FileTable::put(std::size_t index, Descriptor descriptor) {
    Entry* const entry = RecyclingAllocator<Entry>().allocate(1);
    // An address has 48 bits at most: user space ends at 2^47 unless a mapping asks for more.
    WASMAX_ASSERT(std::bit_cast<std::uint64_t>(entry) >> (64 - kCountBits) == 0);
    std::construct_at(entry, std::move(descriptor), kInSlot);
    return exchange(index, entry);
}

Result<Fd, Errno> FileTable::insert(Descriptor descriptor, Fd minimum) {
    const std::size_t first = index_of(minimum);
    if (first >= limit_) {
        return fail(Errno::inval);
    }
    const std::unique_lock guard = lock();
    const std::size_t index = lowest_free(first);
    if (index >= limit_) {
        return fail(Errno::mfile);
    }
    mark_used(index);
    (void)put(index, std::move(descriptor));  // it was free
    return static_cast<Fd>(index);
}

Result<FileTable::Reservation, Errno> FileTable::reserve() {
    const std::unique_lock guard = lock();
    const std::size_t index = lowest_free(0);
    if (index >= limit_) {
        return fail(Errno::mfile);
    }
    mark_used(index);
    return Reservation(*this, index);
}

Fd FileTable::Reservation::fill(Descriptor descriptor) && {
    FileTable& table = *std::exchange(table_, nullptr);
    const std::unique_lock guard = table.lock();
    (void)table.put(index_, std::move(descriptor));  // it was empty
    return static_cast<Fd>(index_);
}

void FileTable::give_up(std::size_t index) {
    const std::unique_lock guard = lock();
    mark_free(index);
}

Result<std::optional<Descriptor>, Errno> FileTable::replace(Fd fd, Descriptor descriptor) {
    const std::size_t index = index_of(fd);
    if (index >= limit_) {
        return fail(Errno::badf);
    }
    const std::unique_lock guard = lock();
    if (is_used(index) && find(fd) == nullptr) {
        return fail(Errno::busy);
    }
    mark_used(index);
    return put(index, std::move(descriptor));
}

Result<Descriptor, Errno> FileTable::close(Fd fd) {
    const std::unique_lock guard = lock();
    const Entry* entry = find(fd);
    if (entry == nullptr) {
        return fail(Errno::badf);
    }
    if (entry->descriptor.preopen != nullptr) {
        return Descriptor{};
    }
    return take(fd);
}

Result<Descriptor, Errno> FileTable::close_any(Fd fd) {
    const std::unique_lock guard = lock();
    return find(fd) == nullptr ? Result<Descriptor, Errno>(fail(Errno::badf)) : take(fd);
}

/// Empties a slot that find() has seen used, for one thread or under the lock.
Descriptor FileTable::take(Fd fd) {
    const std::size_t index = index_of(fd);
    mark_free(index);
    std::optional<Descriptor> closed = exchange(index, nullptr);
    WASMAX_ASSERT(closed.has_value());
    return *std::move(closed);
}

Result<void, Errno> FileTable::set_flags(Fd fd, FdflagsExt flags) {
    const std::unique_lock guard = lock();
    const Entry* entry = find(fd);
    if (entry == nullptr) {
        return fail(Errno::badf);
    }
    Descriptor changed = entry->descriptor;
    changed.flags = flags;
    (void)put(index_of(fd), std::move(changed));  // the file stays open
    return {};
}

Result<void, Errno> FileTable::set_rights(Fd fd, Rights rights, Rights inheriting) {
    const std::unique_lock guard = lock();
    const Entry* entry = find(fd);
    if (entry == nullptr) {
        return fail(Errno::badf);
    }
    Descriptor changed = entry->descriptor;
    if (!changed.rights.has_all(rights) || !changed.rights_inheriting.has_all(inheriting)) {
        return fail(Errno::notcapable);
    }
    changed.rights = rights;
    changed.rights_inheriting = inheriting;
    (void)put(index_of(fd), std::move(changed));  // the file stays open
    return {};
}

}  // namespace wasmax::wasix
