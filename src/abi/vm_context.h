#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wasmax::runtime {
class Instance;
struct ThreadState;
}  // namespace wasmax::runtime

namespace wasmax::abi {

/// Everything compiled code reads lives in this header; codegen uses offsetof only. Changing a
/// layout, a builtin, a trap code or the calling convention changes this number.
inline constexpr std::uint32_t kAbiVersion = 6;

/// Equal exactly for equal function types; 0 is no type. See type_id.h.
using TypeId = std::uint32_t;

/// Where a wasm function is and how to call it. Lives as long as the store; a funcref value is a
/// pointer to one, null is the null reference.
struct FuncRef {
    const void* code;  ///< wasm calling convention (calling_convention.h)
    TypeId type;
    std::uint32_t module;  ///< index into VmContext::contexts of the context to pass
};

/// An entry of a funcref table: a copy of a FuncRef; all zero is null.
using TableEntry = FuncRef;

/// A linear memory, shared by all threads of a guest process. The base never moves.
struct MemoryState {
    std::byte* base;
    std::atomic<std::uint64_t> bytes;  ///< a multiple of the wasm page size; only grows
};

/// A table, shared by all threads. Both arrays are reserved up to their maximum and never move.
struct TableState {
    TableEntry* entries;               ///< funcref tables only: 2^32 entries of address space
    void** references;                 ///< the FuncRef* or host reference of each entry
    std::atomic<std::uint64_t> count;  ///< entries; only grows
};

/// What compiled code is called with: parameter 0 of every wasm function and native entry. One per
/// module instance and guest thread. Variable parts follow at the offsets of context_layout.h.
struct alignas(64) VmContext {
    std::byte* memory_base;  ///< of memory 0; null without one. Invariant
    MemoryState* memory0;    ///< null without one. Invariant
    TableEntry* table0;      ///< entries of table 0 when it is a funcref table. Invariant
    /// A function whose frame address is below it calls builtins::stack_check. ~0 asks for a visit.
    std::atomic<std::uintptr_t> stack_limit;
    VmContext* const* contexts;    ///< of this thread, by module number. Reserved, never moves
    runtime::ThreadState* thread;  ///< the host's side of the guest thread
    const void* const* builtins;   ///< native code addresses in the order of builtins.def
    std::byte* spill;              ///< this thread's kSpillBytes, 16-byte aligned
    runtime::Instance* instance;
};
static_assert(std::is_standard_layout_v<VmContext> && offsetof(VmContext, memory_base) == 0);
static_assert(sizeof(FuncRef) == 16, "call_indirect shifts the index by 4");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Arguments and results that do not fit registers: 16 bytes each. See calling_convention.h.
inline constexpr std::size_t kSpillSlotBytes = 16;
inline constexpr std::size_t kSpillSlots = 1000;
inline constexpr std::size_t kSpillBytes = std::size_t{16} * 1024;
static_assert(kSpillSlots * kSpillSlotBytes <= kSpillBytes);

/// Address space behind a 32-bit memory: the largest effective address is (2^32-1) + (2^32-1) + 16,
/// so no access needs a check. (CODEGEN: measured 26 % faster than explicit checks)
inline constexpr std::uint64_t kMemoryReservationBytes =
    (std::uint64_t{8} << 30) + (std::uint64_t{64} << 10);
/// The most bytes of a 64-bit memory. Code traps at indices from here on, and adds offsets below
/// kMaxFoldedOffset without another check: what is not the memory's faults. One constant for all
/// such memories, because a module may import one with a smaller maximum than it declares.
inline constexpr std::uint64_t kMaxMemory64Bytes = std::uint64_t{1} << 38;
inline constexpr std::uint64_t kMaxFoldedOffset = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kMemory64ReservationBytes =
    kMaxMemory64Bytes + kMaxFoldedOffset + (std::uint64_t{64} << 10);
/// Address space behind a funcref table's entries: any 32-bit index stays inside.
inline constexpr std::uint64_t kTableReservationBytes =
    (std::uint64_t{1} << 32) * sizeof(TableEntry);

}  // namespace wasmax::abi
