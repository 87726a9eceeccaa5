#pragma once

#include <cstddef>
#include <memory>

namespace wasmax::wasix {

/// A thread's memory for handlers that need much of it now and then: kept, because the next call is
/// likely to need as much. Threads: its own.
class Scratch {
public:
    /// `bytes` bytes of any content, aligned for every type; valid until the next call of this.
    std::byte* take(std::size_t bytes) {
        if (bytes > bytes_) {
            memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
            bytes_ = bytes;
        }
        return memory_.get();
    }

private:
    std::unique_ptr<std::byte[]> memory_;
    std::size_t bytes_ = 0;
};

}  // namespace wasmax::wasix
