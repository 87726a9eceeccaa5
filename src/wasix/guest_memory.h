#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
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
    std::uint64_t address = 0;
};

/// An address and a number of Ts, as the guest passed them.
template <class T>
struct GuestSpan {
    std::uint64_t address = 0;
    std::uint64_t count = 0;
};

/// Text: not terminated, any bytes.
struct GuestString {
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;
};

/// How wide the guest's addresses are, and so what it calls a size behind a pointer.
enum class AddressWidth : std::uint8_t { bits32, bits64 };

/// How a T lies in the guest's memory: `Narrow` with addresses of 32 bits, `Wide` with 64. Nearly
/// always as it is. wasix: 13.1
template <class T>
struct GuestLayout {
    using Narrow = T;
    using Wide = T;
    static constexpr bool kDepends = false;
};

/// A size; what is a 32-bit word whatever the addresses are lies in a struct.
template <>
struct GuestLayout<Size> {
    using Narrow = std::uint32_t;
    using Wide = std::uint64_t;
    static constexpr bool kDepends = true;
    static Size from(Narrow value) { return value; }
    /// More than any call can use is the most it can.
    static Size from(Wide value) {
        return value > std::numeric_limits<Size>::max() ? std::numeric_limits<Size>::max()
                                                        : static_cast<Size>(value);
    }
    static Narrow to(Size value, Narrow /*as*/) { return value; }
    static Wide to(Size value, Wide /*as*/) { return value; }
};

template <>
struct GuestLayout<GuestAddress> {
    using Narrow = std::uint32_t;
    using Wide = std::uint64_t;
    static constexpr bool kDepends = true;
    static GuestAddress from(Narrow value) { return GuestAddress{value}; }
    static GuestAddress from(Wide value) { return GuestAddress{value}; }
    static Narrow to(GuestAddress value, Narrow /*as*/) { return static_cast<Narrow>(value); }
    static Wide to(GuestAddress value, Wide /*as*/) { return static_cast<Wide>(value); }
};

template <>
struct GuestLayout<Iovec> {
    using Narrow = Iovec32;
    using Wide = Iovec64;
    static constexpr bool kDepends = true;
    static Iovec from(const Narrow& entry) { return {entry.buf, entry.buf_len}; }
    static Iovec from(const Wide& entry) { return {entry.buf, entry.buf_len}; }
};

/// The calling instance's memory 0 as it was when the call began, and the only place that adds to
/// its base. Memories never shrink or move, so an address is checked once per call, and another
/// guest thread may change the bytes at any time: structs are copied before they are looked at.
/// Copies work at any alignment. All errors are Errno::memviolation: a part lies outside.
class GuestMemory {
public:
    /// An instance without memory has an empty one.
    explicit GuestMemory(const abi::MemoryState* state, AddressWidth width = AddressWidth::bits32)
        : base_(state == nullptr ? nullptr : state->base),
          bytes_(state == nullptr ? 0 : state->bytes.load(std::memory_order_acquire)),
          width_(width) {}

    [[nodiscard]] AddressWidth width() const { return width_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

    /// The `bytes` bytes at `address`, for reading and writing.
    [[nodiscard]] Result<MutableByteView, Errno> view(std::uint64_t address,
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

    template <class T>
    [[nodiscard]] Result<std::remove_const_t<T>, Errno> load(GuestPointer<T> pointer) const {
        TRY(check(pointer));
        return load_at<std::remove_const_t<T>>(pointer.address);
    }
    /// Whether a store() to `pointer` would succeed: for results, before the call has effects.
    template <class T>
    [[nodiscard]] Result<void, Errno> check(GuestPointer<T> pointer) const {
        if (!contains(pointer.address, bytes_of<std::remove_const_t<T>>())) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        return {};
    }
    template <class T>
    [[nodiscard]] Result<void, Errno> store(GuestPointer<T> pointer, const T& value) const {
        TRY(check(pointer));
        store_at(pointer.address, value);
        return {};
    }
    /// Copies `value` to a pointer that check() accepted.
    template <class T>
    void put(GuestPointer<T> pointer, const T& value) const {
        store_at(pointer.address, value);
    }

    /// The array as a whole is checked; at() then copies elements out.
    template <class T>
    [[nodiscard]] Result<void, Errno> check(GuestSpan<T> span) const {
        // No overflow: memories are smaller than 2^64 divided by the size of any struct.
        if (span.count > bytes_ ||
            !contains(span.address, span.count * bytes_of<std::remove_const_t<T>>())) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        return {};
    }
    /// Element `index`, below `span.count`, of a span that check() accepted.
    template <class T>
    [[nodiscard]] std::remove_const_t<T> at(GuestSpan<T> span, Size index) const {
        using Value = std::remove_const_t<T>;
        return load_at<Value>(span.address + std::uint64_t{index} * bytes_of<Value>());
    }
    /// Copies `value` to element `index`, below `span.count`, of a span that check() accepted.
    template <class T>
    void put(GuestSpan<T> span, Size index, const T& value) const {
        store_at(span.address + std::uint64_t{index} * bytes_of<T>(), value);
    }

private:
    [[nodiscard]] bool contains(std::uint64_t address, std::uint64_t bytes) const {
        // Of narrow addresses the compiler knows that they do not overflow.
        std::uint64_t end = 0;
        return !__builtin_add_overflow(address, bytes, &end) && end <= bytes_;
    }
    template <class T>
    [[nodiscard]] std::uint64_t bytes_of() const {
        if constexpr (GuestLayout<T>::kDepends) {
            return width_ == AddressWidth::bits32 ? sizeof(typename GuestLayout<T>::Narrow)
                                                  : sizeof(typename GuestLayout<T>::Wide);
        } else {
            return sizeof(T);
        }
    }
    template <GuestData T>
    [[nodiscard]] T copy_from(std::uint64_t address) const {
        T value;
        std::memcpy(&value, base_ + address, sizeof value);
        return value;
    }
    template <GuestData T>
    void copy_to(std::uint64_t address, const T& value) const {
        std::memcpy(base_ + address, &value, sizeof value);
    }
    template <class T>
    [[nodiscard]] T load_at(std::uint64_t address) const {
        using Layout = GuestLayout<T>;
        if constexpr (Layout::kDepends) {
            return width_ == AddressWidth::bits32
                       ? Layout::from(copy_from<typename Layout::Narrow>(address))
                       : Layout::from(copy_from<typename Layout::Wide>(address));
        } else {
            return copy_from<T>(address);
        }
    }
    template <class T>
    void store_at(std::uint64_t address, const T& value) const {
        using Layout = GuestLayout<T>;
        if constexpr (Layout::kDepends) {
            if (width_ == AddressWidth::bits32) {
                copy_to(address, Layout::to(value, typename Layout::Narrow{}));
            } else {
                copy_to(address, Layout::to(value, typename Layout::Wide{}));
            }
        } else {
            copy_to(address, value);
        }
    }

    std::byte* base_;
    std::uint64_t bytes_;
    AddressWidth width_;
};

}  // namespace wasmax::wasix
