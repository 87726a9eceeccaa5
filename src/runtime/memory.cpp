#include "runtime/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"
#include "wasm/types.h"

namespace wasmax::runtime {

Memory::Memory(const wasm::MemoryType& type, const MemoryOptions& options, Mapping reservation)
    : type_(type),
      quota_(options.quota),
      reservation_(std::move(reservation)),
      guard_(RegionKind::memory, reservation_.base(), reservation_.bytes()),
      state_{.base = reservation_.base(), .bytes = 0} {}

Result<std::unique_ptr<Memory>, Error> Memory::create(const wasm::MemoryType& type,
                                                      const MemoryOptions& options) {
    Mapping reservation = TRY(
        Mapping::anonymous(type.address == wasm::AddressType::i64 ? abi::kMemory64ReservationBytes
                                                                  : abi::kMemoryReservationBytes,
                           Mapping::Access::none, "reserving a linear memory"));
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
    std::unique_ptr<Memory> memory(new Memory(type, options, std::move(reservation)));
    const auto grown = memory->grow({type.limits.minimum});
    if (!grown.has_value()) {
        return fail(Error::limit(
            "a memory of " + std::to_string(type.limits.minimum) + " pages is more than " +
            (grown.error() == MemoryError::host ? "the host has" : "this process may use")));
    }
    return memory;
}

Result<WasmPages, MemoryError> Memory::grow(WasmPages delta) {
    const std::lock_guard lock(growing_);
    const WasmPages before = pages();
    const std::uint64_t most =
        type_.address == wasm::AddressType::i64 ? kMaxMemory64Pages.count : kMaxMemoryPages.count;
    const std::uint64_t limit = std::min(type_.limits.maximum.value_or(most), most);
    if (delta.count > limit - before.count) {
        return fail(MemoryError::limit);
    }
    if (before.count + delta.count > quota_.count) {
        return fail(MemoryError::quota);
    }
    if (delta.count != 0) {
        const auto opened = reservation_.access(before.bytes().count, delta.bytes().count,
                                                Mapping::Access::read_write, "growing a memory");
        if (!opened.has_value()) {
            return fail(MemoryError::host);
        }
        state_.bytes.store(before.bytes().count + delta.bytes().count, std::memory_order_release);
    }
    return before;
}

Result<void, MemoryError> Memory::place(std::uint64_t address, const Image& image) {
    const std::lock_guard lock(growing_);
    const std::uint64_t size = bytes().count;
    if (address > size || image.bytes.size() > size - address) {
        return fail(MemoryError::limit);
    }
    if (image.fd == -1 || !reservation_.overlay(address, image.bytes.size(), image.fd,
                                                image.file_offset, "mapping initial memory")) {
        std::memcpy(base() + address, image.bytes.data(), image.bytes.size());
    }
    return {};
}

}  // namespace wasmax::runtime
