#include "runtime/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::runtime {
namespace {

int protection(Mapping::Access access) {
    switch (access) {
        case Mapping::Access::none:
            return PROT_NONE;
        case Mapping::Access::read:
            return PROT_READ;
        case Mapping::Access::read_write:
            return PROT_READ | PROT_WRITE;
        case Mapping::Access::read_execute:
            return PROT_READ | PROT_EXEC;
    }
    __builtin_unreachable();
}

}  // namespace

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        reset();
        base_ = std::exchange(other.base_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

Result<Mapping, Error> Mapping::anonymous(std::uint64_t bytes, Access access,
                                          std::string_view purpose) {
    const std::uint64_t rounded = align_up(bytes, kHostPageBytes);
    void* base = mmap(nullptr, rounded, protection(access),
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return fail(Error::from_errno(errno, purpose));
    }
    return Mapping(static_cast<std::byte*>(base), rounded);
}

Result<Mapping, Error> Mapping::file(int fd, std::uint64_t bytes, std::string_view purpose) {
    void* base = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (base == MAP_FAILED) {
        return fail(Error::from_errno(errno, purpose));
    }
    return Mapping(static_cast<std::byte*>(base), bytes);
}

Result<void, Error> Mapping::access(std::uint64_t offset, std::uint64_t bytes, Access access,
                                    std::string_view purpose) {
    WASMAX_ASSERT(offset % kHostPageBytes == 0 && offset <= align_up(bytes_, kHostPageBytes) &&
                  bytes <= align_up(bytes_, kHostPageBytes) - offset);
    if (mprotect(base_ + offset, bytes, protection(access)) != 0) {
        return fail(Error::from_errno(errno, purpose));
    }
    return {};
}

Result<void, Error> Mapping::overlay(std::uint64_t offset, std::uint64_t bytes, int fd,
                                     std::uint64_t file_offset, std::string_view purpose) {
    WASMAX_ASSERT((offset | bytes) % kHostPageBytes == 0 && offset <= bytes_ &&
                  bytes <= bytes_ - offset);
    if (mmap(base_ + offset, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
             fd, static_cast<off_t>(file_offset)) == MAP_FAILED) {
        return fail(Error::from_errno(errno, purpose));
    }
    return {};
}

void Mapping::reset() noexcept {
    if (base_ != nullptr) {
        munmap(base_, bytes_);
        base_ = nullptr;
        bytes_ = 0;
    }
}

}  // namespace wasmax::runtime
