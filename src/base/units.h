#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wasmax {

using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

/// A number of bytes. Does not convert to page counts.
struct Bytes {
    std::uint64_t count = 0;
    auto operator<=>(const Bytes&) const = default;
};

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

/// The page size of the host's MMU on x86-64 Linux.
inline constexpr std::uint64_t kHostPageBytes = 4 * kKiB;

/// The size of a WebAssembly page. wasm: syntax-memtype
inline constexpr std::uint64_t kWasmPageBytes = 64 * kKiB;

/// A number of WebAssembly pages. wasm: syntax-memtype
struct WasmPages {
    std::uint64_t count = 0;
    [[nodiscard]] constexpr Bytes bytes() const { return {count * kWasmPageBytes}; }
    auto operator<=>(const WasmPages&) const = default;
};

/// `value` rounded up to a multiple of `alignment`, a power of two. The caller rules out overflow.
[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace wasmax
