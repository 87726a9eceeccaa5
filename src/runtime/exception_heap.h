#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "abi/exception.h"
#include "runtime/tag.h"
#include "runtime/value.h"

namespace wasmax::runtime {

/// The exceptions of one guest thread. Compiled code keeps references to them in registers, on the
/// stack and in other exceptions, and never says when it has dropped one, so those that nothing
/// refers to are found by a conservative search, from time to time: every word that could be a
/// pointer counts as one. Exceptions that are stored elsewhere must be kept first. Threads: one.
class ExceptionHeap {
public:
    ExceptionHeap() = default;
    ~ExceptionHeap();
    ExceptionHeap(const ExceptionHeap&) = delete;
    ExceptionHeap& operator=(const ExceptionHeap&) = delete;

    /// The words of a native stack.
    using Stack = std::span<const std::uintptr_t>;

    /// A new exception; null when there is no memory, or when the exceptions in use exceed
    /// kMaxExceptionBytes. May free those that neither a stack nor another exception refers to:
    /// `stack` is the one in use, from the youngest frame of compiled code on, saved registers
    /// included; `others` gives those that the thread has besides, and null is none.
    [[nodiscard]] abi::Exception* create(const Tag& tag, std::span<const Value> payload,
                                         Stack stack,
                                         const std::function<std::vector<Stack>()>& others = {});

    /// Never frees `exception` (null: nothing to do). It belongs to some thread's heap.
    static void keep(abi::Exception* exception);

    /// Those that were kept, which other threads may refer to: the caller frees them with
    /// release(), when all threads have ended.
    [[nodiscard]] std::vector<abi::Exception*> take_kept();
    static void release(std::span<abi::Exception* const> exceptions);

    /// For tests: exceptions that exist.
    [[nodiscard]] std::size_t count() const { return all_.size(); }

private:
    void sweep(abi::Exception* newest, std::span<const Stack> stacks);

    std::vector<abi::Exception*> all_;
    std::uint64_t bytes_ = 0;
    std::uint64_t sweep_at_bytes_ = kFirstSweepBytes;

    static constexpr std::uint64_t kFirstSweepBytes = std::uint64_t{64} * 1024;
};

/// What a guest thread may hold in exceptions.
inline constexpr std::uint64_t kMaxExceptionBytes = std::uint64_t{64} * 1024 * 1024;

/// The payload, a value per parameter of the tag's type.
[[nodiscard]] std::span<const Value> payload_of(const abi::Exception& exception);

/// Such as `__cpp_exception (i32 66592)`.
[[nodiscard]] std::string describe(const abi::Exception& exception);

}  // namespace wasmax::runtime
