#pragma once

#include <array>
#include <cstdint>

#include "base/units.h"

namespace wasmax::launch {

// An executable made by `wasmax create-exe` is the standalone program with an artifact behind it,
// in loadable segments of its own, so that the kernel maps the code at exec. Its table of program
// headers has one of type kEmbeddedSegment, which covers an EmbeddedGuest.

/// In the range that ELF leaves to operating systems and their tools.
inline constexpr std::uint32_t kEmbeddedSegment = 0x6d786177;  // `waxm`
inline constexpr std::array<char, 8> kEmbeddedMagic{'w', 'm', 'x', 'g', 'u', 'e', 's', 't'};

/// Offsets are addresses as in the program headers, from the start of the executable.
struct EmbeddedGuest {
    std::array<char, 8> magic = kEmbeddedMagic;
    std::uint64_t artifact_offset = 0;
    std::uint64_t artifact_bytes = 0;
    /// What was granted when it was made: options as on its command line (`--wasmax-net`), each
    /// ended by NUL.
    std::uint64_t options_offset = 0;
    std::uint64_t options_bytes = 0;
};

/// How such a program's own options begin; all other arguments are the guest's.
inline constexpr const char* kOptionPrefix = "--wasmax-";
/// Asks such a program to check itself: it loads and links its guest, runs none of it, prints
/// kSelfCheckAnswer and exits with 0.
inline constexpr const char* kSelfCheckOption = "--wasmax-self-check";
inline constexpr const char* kSelfCheckAnswer = "wasmax self-check passed\n";

}  // namespace wasmax::launch
