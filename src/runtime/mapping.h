#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::runtime {

/// Owns a range of address space and unmaps it. Move-only; the bytes never move. Threads: any, but
/// one at a time for calls that change the mapping.
class Mapping {
public:
    enum class Access : std::uint8_t { none, read, read_write, read_execute };

    Mapping() = default;
    Mapping(Mapping&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { reset(); }

    /// Private zero pages, `bytes` rounded up to host pages. With Access::none it costs address
    /// space only, and access() opens parts of it; no swap space is reserved either way. Errors:
    /// host (ENOMEM: RLIMIT_AS, or the address space is full); `purpose` says what for.
    [[nodiscard]] static Result<Mapping, Error> anonymous(std::uint64_t bytes, Access access,
                                                          std::string_view purpose);
    /// The first `bytes` (not 0) of the regular file or memfd `fd`, private, read-only.
    [[nodiscard]] static Result<Mapping, Error> file(int fd, std::uint64_t bytes,
                                                     std::string_view purpose);

    /// Changes what may be done with [offset, offset + bytes), whole host pages inside the mapping.
    /// Errors: host. linux: mprotect(2)
    [[nodiscard]] Result<void, Error> access(std::uint64_t offset, std::uint64_t bytes,
                                             Access access, std::string_view purpose);

    /// Replaces [offset, offset + bytes), whole host pages inside the mapping, by that part of the
    /// regular file `fd` from `file_offset` (whole pages too), private and read-write: what is
    /// written stays here. On failure nothing has changed. Errors: host. linux: mmap(2)
    [[nodiscard]] Result<void, Error> overlay(std::uint64_t offset, std::uint64_t bytes, int fd,
                                              std::uint64_t file_offset, std::string_view purpose);

    [[nodiscard]] std::byte* base() const { return base_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] ByteView view() const { return {base_, bytes_}; }

private:
    Mapping(std::byte* base, std::uint64_t bytes) : base_(base), bytes_(bytes) {}
    void reset() noexcept;

    std::byte* base_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace wasmax::runtime
