#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "abi/vm_context.h"
#include "base/result.h"
#include "base/units.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {

/// An address of a T in guest memory, as the guest passed it: any number, any alignment. `const T`
/// says that the call only reads it.
template <class T>
struct GuestPointer {
    std::uint32_t address = 0;
};

/// An address and a number of Ts, as the guest passed them.
template <class T>
struct GuestSpan {
    std::uint32_t address = 0;
    Size count = 0;
};

/// Text: not terminated, any bytes.
struct GuestString {
    std::uint32_t address = 0;
    Size bytes = 0;
};

/// The calling instance's memory 0 as it was when the call began, and the only place that adds to
/// its base. Memories never shrink or move, so an address is checked once per call, and another
/// guest thread may change the bytes at any time: structs are copied before they are looked at.
/// Copies work at any alignment. All errors are Errno::memviolation: a part lies outside.
class GuestMemory {
public:
    /// An instance without memory has an empty one.
    explicit GuestMemory(const abi::MemoryState* state)
        : base_(state == nullptr ? nullptr : state->base),
          bytes_(state == nullptr ? 0 : state->bytes.load(std::memory_order_acquire)) {}

    /// The `bytes` bytes at `address`, for reading and writing.
    [[nodiscard]] Result<MutableByteView, Errno> view(std::uint32_t address,
                                                      std::uint64_t bytes) const {
        if (!contains(address, bytes)) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        return MutableByteView(base_ + address, static_cast<std::size_t>(bytes));
    }

    [[nodiscard]] Result<ByteView, Errno> readable(GuestSpan<const std::byte> span) const {
        return ByteView(TRY(view(span.address, span.count)));
    }
    [[nodiscard]] Result<MutableByteView, Errno> writable(GuestSpan<std::byte> span) const {
        return view(span.address, span.count);
    }
    [[nodiscard]] Result<std::string_view, Errno> text(GuestString string) const {
        const MutableByteView bytes = TRY(view(string.address, string.bytes));
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters.
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

    template <GuestData T>
    [[nodiscard]] Result<std::remove_const_t<T>, Errno> load(GuestPointer<T> pointer) const {
        TRY(check(pointer));
        return load_at<std::remove_const_t<T>>(pointer.address);
    }
    /// Whether a store() to `pointer` would succeed: for results, before the call has effects.
    template <class T>
    [[nodiscard]] Result<void, Errno> check(GuestPointer<T> pointer) const {
        if (!contains(pointer.address, sizeof(T))) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        return {};
    }
    template <GuestData T>
    [[nodiscard]] Result<void, Errno> store(GuestPointer<T> pointer, const T& value) const {
        TRY(check(pointer));
        std::memcpy(base_ + pointer.address, &value, sizeof value);
        return {};
    }

    /// The array as a whole is checked; at() then copies elements out.
    template <class T>
    [[nodiscard]] Result<void, Errno> check(GuestSpan<T> span) const {
        if (!contains(span.address, std::uint64_t{span.count} * sizeof(T))) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        return {};
    }
    /// Element `index`, below `span.count`, of a span that check() accepted.
    template <GuestData T>
    [[nodiscard]] std::remove_const_t<T> at(GuestSpan<T> span, Size index) const {
        return load_at<std::remove_const_t<T>>(std::uint64_t{span.address} +
                                               std::uint64_t{index} * sizeof(T));
    }
    /// Copies `value` to element `index`, below `span.count`, of a span that check() accepted.
    template <GuestData T>
    void put(GuestSpan<T> span, Size index, const T& value) const {
        std::memcpy(base_ + span.address + std::uint64_t{index} * sizeof(T), &value, sizeof value);
    }

private:
    // No overflow: an address is below 2^32, and sizes are below 2^32 times a struct's.
    [[nodiscard]] bool contains(std::uint32_t address, std::uint64_t bytes) const {
        return address + bytes <= bytes_;
    }
    template <class T>
    [[nodiscard]] T load_at(std::uint64_t address) const {
        T value;
        std::memcpy(&value, base_ + address, sizeof value);
        return value;
    }

    std::byte* base_;
    std::uint64_t bytes_;
};

}  // namespace wasmax::wasix
