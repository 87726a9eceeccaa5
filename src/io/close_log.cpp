#include "io/close_log.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

namespace wasmax::io {

CloseLog::~CloseLog() {
    if (void* const generations = generations_.load(std::memory_order_relaxed)) {
        ::munmap(generations, kBytes);
    }
}

bool CloseLog::start() {
    if (generations_.load(std::memory_order_acquire) != nullptr) {
        return true;
    }
    void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return false;
    }
    std::atomic<std::uint32_t>* nothing = nullptr;
    if (!generations_.compare_exchange_strong(
            nothing, static_cast<std::atomic<std::uint32_t>*>(memory), std::memory_order_acq_rel)) {
        ::munmap(memory, kBytes);  // another thread was first
    }
    return true;
}

}  // namespace wasmax::io
