#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"
#include "runtime/wait_queue.h"
#include "wasm/types.h"

namespace wasmax::runtime {

/// The most pages a memory can have. Of 64-bit ones the specification allows more: this much is
/// reserved. wasm: valid-memtype
inline constexpr WasmPages kMaxMemoryPages{65536};
inline constexpr WasmPages kMaxMemory64Pages{abi::kMaxMemory64Bytes / kWasmPageBytes};

struct MemoryOptions {
    WasmPages quota = kMaxMemory64Pages;  ///< no memory grows beyond it (`--max-memory`)
};

enum class MemoryError : std::uint8_t {
    limit,  ///< above the declared maximum, or above kMaxMemoryPages or kMaxMemory64Pages
    quota,  ///< above MemoryOptions::quota
    host,   ///< the host has no memory left
};

/// A linear memory, behind a reservation that spares bounds checks (of 64-bit addresses only their
/// high bits are looked at): the base never moves, and pages past the end fault, which the trap
/// handler turns into a trap. Threads:
/// all const functions and grow() are safe from any thread.
class Memory {
public:
    /// `type` is valid. Errors: limit (the minimum is above the quota), host (no address space).
    [[nodiscard]] static Result<std::unique_ptr<Memory>, Error> create(
        const wasm::MemoryType& type, const MemoryOptions& options);
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    /// As it was declared; the current size is pages().
    [[nodiscard]] const wasm::MemoryType& type() const { return type_; }
    [[nodiscard]] abi::MemoryState* state() { return &state_; }
    [[nodiscard]] std::byte* base() const { return state_.base; }
    [[nodiscard]] Bytes bytes() const { return {state_.bytes.load(std::memory_order_acquire)}; }
    [[nodiscard]] WasmPages pages() const { return {bytes().count / kWasmPageBytes}; }

    /// Who waits on an address of it.
    [[nodiscard]] WaitQueue& waiters() { return waiters_; }

    /// Grows the memory by `delta` and returns its size before. The new pages are zero.
    /// Threads: safe; others see the new pages no later than their next atomic access.
    /// wasm: exec-memory-grow
    [[nodiscard]] Result<WasmPages, MemoryError> grow(WasmPages delta);

    /// A part of a regular file that holds what a memory begins with.
    struct Image {
        ByteView bytes;  ///< the same bytes, mapped; whole host pages
        int fd = -1;     ///< -1: only `bytes` is at hand
        std::uint64_t file_offset = 0;
    };
    /// Lets the memory begin with `image` from `address`, a multiple of the host's page: maps the
    /// file, so that pages which are only read stay shared, or copies. Before anything else has
    /// been written there. Errors: limit (it reaches past the end).
    [[nodiscard]] Result<void, MemoryError> place(std::uint64_t address, const Image& image);

private:
    Memory(const wasm::MemoryType& type, const MemoryOptions& options, Mapping reservation);

    const wasm::MemoryType type_;
    const WasmPages quota_;
    Mapping reservation_;
    GuardRegion guard_;   // after reservation_: unregistered before it is unmapped
    std::mutex growing_;  // guards reservation_ and state_.bytes; after a table's
    abi::MemoryState state_;
    WaitQueue waiters_;
};

}  // namespace wasmax::runtime
