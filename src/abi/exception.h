#pragma once

#include <cstddef>
#include <cstdint>

namespace wasmax::abi {

/// The identity of a tag: two tags are one if they have one address. Opaque to compiled code.
struct TagIdentity;

/// An exception package, what an exnref points to. Its payload follows: a slot of kSpillSlotBytes
/// per value of the tag's type. Compiled code reads it and never writes it. wasm: syntax-exninst
struct alignas(16) Exception {
    const TagIdentity* tag;
    std::uint32_t slots;  ///< of the payload
    std::uint32_t flags;  ///< the runtime's
};
static_assert(sizeof(Exception) == 16);

// The unwinder walks frames that keep a frame pointer, so of a function it need only know where the
// function saved the other callee-saved registers (`.wmx.unwind`, docs/artifact.md): a place is a
// number of four bits, n for the eight bytes at rbp - 8 * n, 0 for a register that was not saved.

/// The callee-saved registers besides rbp, in the order of their places, the first one lowest.
enum class SavedRegister : std::uint8_t { rbx, r12, r13, r14, r15 };
inline constexpr unsigned kSavedRegisters = 5;
inline constexpr unsigned kSavedPlaceBits = 4;
inline constexpr unsigned kMaxSavedPlace = (1U << kSavedPlaceBits) - 1;

/// Calls that return to an address in (begin, end] of the text go to `pad` instead when an
/// exception leaves them: with the exception in rax and the registers the caller had.
struct LandingRange {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t pad;
};
static_assert(sizeof(LandingRange) == 12);

}  // namespace wasmax::abi
