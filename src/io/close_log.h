#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wasmax::io {

/// Which host descriptors were closed, so that who remembers something about a number learns that
/// it may stand for another file by now. Threads: any.
class CloseLog {
public:
    /// One more than the highest descriptor it knows.
    static constexpr int kMaxDescriptors = 1 << 16;

    CloseLog() = default;
    CloseLog(const CloseLog&) = delete;
    CloseLog& operator=(const CloseLog&) = delete;
    ~CloseLog();

    /// Keeps the log from now on: before, nobody remembers anything, and it costs nothing. False:
    /// there is no memory for it.
    [[nodiscard]] bool start();

    /// `fd` is about to be closed: before the kernel can give its number to another file.
    void add(int fd) {
        std::atomic<std::uint32_t>* const generations =
            generations_.load(std::memory_order_acquire);
        if (generations != nullptr && fd >= 0 && fd < kMaxDescriptors) {
            generations[fd].fetch_add(1, std::memory_order_relaxed);
            count_.fetch_add(1, std::memory_order_release);
        }
    }

    /// Changes with every close. Read it before generations, to miss none.
    [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_acquire); }
    /// Another number after each close of `fd`, which is below kMaxDescriptors. After start().
    [[nodiscard]] std::uint32_t generation(int fd) const {
        return generations_.load(std::memory_order_relaxed)[fd].load(std::memory_order_relaxed);
    }

private:
    static constexpr std::size_t kBytes = kMaxDescriptors * sizeof(std::atomic<std::uint32_t>);

    /// By descriptor; null before start(). Pages of it exist once something was closed there.
    std::atomic<std::atomic<std::uint32_t>*> generations_{nullptr};
    std::atomic<std::uint64_t> count_{0};
};

}  // namespace wasmax::io
