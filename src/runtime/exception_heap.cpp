#include "runtime/exception_heap.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "abi/exception.h"
#include "abi/vm_context.h"
#include "runtime/tag.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

// Exception::flags. Kept ones may be marked by any thread.
constexpr std::uint32_t kKept = 1;
constexpr std::uint32_t kMarked = 2;

static_assert(sizeof(Value) == abi::kSpillSlotBytes);

std::uint64_t bytes_of(const abi::Exception& exception) {
    return sizeof(abi::Exception) + std::uint64_t{exception.slots} * sizeof(Value);
}

/// The exception that `word` points to or into, if any. `sorted` is by address.
abi::Exception* find(std::span<abi::Exception* const> sorted, std::uintptr_t word) {
    const auto address = [](const abi::Exception* exception) {
        return reinterpret_cast<std::uintptr_t>(exception);
    };
    const auto after = std::ranges::upper_bound(sorted, word, {}, address);
    if (after == sorted.begin()) {
        return nullptr;
    }
    abi::Exception* const found = *(after - 1);
    return word - address(found) < bytes_of(*found) ? found : nullptr;
}

/// Marks what a piece of memory refers to, and what that refers to.
class Marker {
public:
    explicit Marker(std::span<abi::Exception* const> sorted)
        : sorted_(sorted),
          low_(reinterpret_cast<std::uintptr_t>(sorted.front())),
          high_(reinterpret_cast<std::uintptr_t>(sorted.back()) + bytes_of(*sorted.back())) {}

    /// The words belong to other functions, so sanitizers have nothing to say about reading them.
    [[clang::disable_sanitizer_instrumentation]] void scan(const std::uintptr_t* words,
                                                           std::size_t count) {
        for (std::size_t index = 0; index < count; ++index) {
            const std::uintptr_t word = words[index];
            if (word >= low_ && word < high_) {
                if (abi::Exception* const found = find(sorted_, word)) {
                    mark(*found);
                }
            }
        }
    }
    void mark(abi::Exception& exception) {
        if ((exception.flags & kMarked) == 0) {
            exception.flags |= kMarked;
            pending_.push_back(&exception);
        }
    }
    void finish() {
        while (!pending_.empty()) {
            const abi::Exception* const exception = pending_.back();
            pending_.pop_back();
            scan(reinterpret_cast<const std::uintptr_t*>(exception + 1),
                 exception->slots * (sizeof(Value) / sizeof(std::uintptr_t)));
        }
    }

private:
    std::span<abi::Exception* const> sorted_;
    std::uintptr_t low_;
    std::uintptr_t high_;
    std::vector<abi::Exception*> pending_;
};

}  // namespace

ExceptionHeap::~ExceptionHeap() { release(all_); }

abi::Exception* ExceptionHeap::create(const Tag& tag, std::span<const Value> payload, Stack stack,
                                      const std::function<std::vector<Stack>()>& others) {
    const std::uint64_t bytes = sizeof(abi::Exception) + payload.size_bytes();
    // malloc aligns to 16.
    auto* const exception = static_cast<abi::Exception*>(std::malloc(bytes));
    if (exception == nullptr) {
        return nullptr;
    }
    *exception = {.tag = &tag, .slots = static_cast<std::uint32_t>(payload.size()), .flags = 0};
    std::memcpy(exception + 1, payload.data(), payload.size_bytes());
    all_.push_back(exception);
    bytes_ += bytes;
    if (bytes_ > sweep_at_bytes_) [[unlikely]] {
        std::vector<Stack> stacks = others ? others() : std::vector<Stack>();
        stacks.push_back(stack);
        sweep(exception, stacks);
        if (bytes_ > kMaxExceptionBytes) {
            return nullptr;
        }
    }
    return exception;
}

void ExceptionHeap::sweep(abi::Exception* newest, std::span<const Stack> stacks) {
    std::ranges::sort(all_);
    Marker marker(all_);
    marker.mark(*newest);
    for (abi::Exception* const exception : all_) {
        if ((exception->flags & kKept) != 0) {
            marker.mark(*exception);
        }
    }
    std::uint64_t words = 0;
    for (const Stack& stack : stacks) {
        marker.scan(stack.data(), stack.size());
        words += stack.size();
    }
    marker.finish();
    bytes_ = 0;
    std::erase_if(all_, [this](abi::Exception* exception) {
        if ((exception->flags & kMarked) == 0) {
            std::free(exception);
            return true;
        }
        exception->flags &= ~kMarked;
        bytes_ += bytes_of(*exception);
        return false;
    });
    // As much again as is in use, and more for a deep stack: the cost per exception is bounded.
    sweep_at_bytes_ = bytes_ + std::max({kFirstSweepBytes, bytes_, words});
}

void ExceptionHeap::keep(abi::Exception* exception) {
    if (exception != nullptr) {
        std::atomic_ref(exception->flags).fetch_or(kKept, std::memory_order_relaxed);
    }
}

std::vector<abi::Exception*> ExceptionHeap::take_kept() {
    const auto kept = std::ranges::partition(
        all_, [](const abi::Exception* exception) { return (exception->flags & kKept) == 0; });
    std::vector<abi::Exception*> taken(kept.begin(), kept.end());
    all_.erase(kept.begin(), kept.end());
    return taken;
}

void ExceptionHeap::release(std::span<abi::Exception* const> exceptions) {
    for (abi::Exception* const exception : exceptions) {
        std::free(exception);
    }
}

std::span<const Value> payload_of(const abi::Exception& exception) {
    return {reinterpret_cast<const Value*>(&exception + 1), exception.slots};
}

std::string describe(const abi::Exception& exception) {
    const auto& tag = static_cast<const Tag&>(*exception.tag);
    std::string text = tag.name();
    const char* separator = " (";
    for (std::size_t index = 0; index < exception.slots; ++index) {
        const wasm::ValueType type = tag.type().parameters[index];
        const Value value = payload_of(exception)[index];
        text += separator + wasm::to_string(type);
        if (type == wasm::ValueType::i32) {
            text += " " + std::to_string(static_cast<std::int32_t>(value.as_i32()));
        } else if (type == wasm::ValueType::i64) {
            text += " " + std::to_string(static_cast<std::int64_t>(value.as_i64()));
        } else if (type == wasm::ValueType::f32) {
            text += " " + std::to_string(value.as_f32());
        } else if (type == wasm::ValueType::f64) {
            text += " " + std::to_string(value.as_f64());
        }
        separator = ", ";
    }
    return exception.slots == 0 ? text : text + ")";
}

}  // namespace wasmax::runtime
