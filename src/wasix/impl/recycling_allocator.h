#pragma once

#include <cstddef>
#include <new>

namespace wasmax::wasix {

/// Blocks of one size that a thread gave back, for its next allocations: a server that accepts and
/// closes connections allocates nothing in the long run.
template <std::size_t kBytes>
class FreeBlocks {
public:
    FreeBlocks() = default;
    FreeBlocks(const FreeBlocks&) = delete;
    FreeBlocks& operator=(const FreeBlocks&) = delete;
    ~FreeBlocks() {
        while (count_ != 0) {
            ::operator delete(blocks_[--count_]);
        }
        closed_ = true;  // what is given back later, while the thread ends, is not kept
    }
    void* take() { return count_ != 0 ? blocks_[--count_] : ::operator new(kBytes); }
    void give(void* block) {
        if (closed_ || count_ == kMost) {
            ::operator delete(block);
        } else {
            blocks_[count_++] = block;
        }
    }

private:
    static constexpr std::size_t kMost = 64;

    void* blocks_[kMost];
    std::size_t count_ = 0;
    bool closed_ = false;
};

/// For std::allocate_shared of single objects.
template <class T>
struct RecyclingAllocator {
    using value_type = T;

    RecyclingAllocator() = default;
    template <class U>
    // NOLINTNEXTLINE(google-explicit-constructor): as the allocator requirements ask.
    RecyclingAllocator(const RecyclingAllocator<U>& /*other*/) {}

    T* allocate(std::size_t /*one*/) { return static_cast<T*>(blocks().take()); }
    void deallocate(T* block, std::size_t /*one*/) { blocks().give(block); }
    bool operator==(const RecyclingAllocator&) const = default;

private:
    static FreeBlocks<sizeof(T)>& blocks() {
        static thread_local FreeBlocks<sizeof(T)> free_blocks;
        return free_blocks;
    }
};

}  // namespace wasmax::wasix
