#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "abi/trap.h"

namespace wasmax::runtime {

/// A wasm function that was active when a trap happened.
struct Frame {
    std::string module;          ///< the artifact's name
    std::uint32_t function = 0;  ///< function index
    std::string name;            ///< from the name section or an export, else `func[N]`
    std::uint64_t wasm_offset =
        0;  ///< of the instruction, from the start of the module; 0 is unknown
    bool operator==(const Frame&) const = default;
};

/// Why wasm code stopped. wasm: exec-trap
struct Trap {
    abi::TrapCode code = abi::TrapCode::unreachable;
    std::uint64_t pc = 0;  ///< native address of the trapping instruction, or 0 without one
    std::vector<Frame>
        frames;  ///< innermost first, at most kMaxTrapFrames, up to the entry from the host
    std::string exception{};  ///< what was not caught: the tag's name and the payload
};

/// `wasm trap: out of bounds memory access`, then a line per frame, such as
/// `\n  at memcpy (func[12]) offset 0x1a2b`.
[[nodiscard]] std::string to_string(const Trap& trap);

/// The function returned; its results are where call() was told to put them.
struct Returned {};

/// Native code ended the guest with leave(): `reason` is that code's.
struct Left {
    std::uint64_t reason = 0;
};

struct Trapped {
    Trap trap;
};

/// How a call into wasm ended.
using CallOutcome = std::variant<Returned, Left, Trapped>;

}  // namespace wasmax::runtime
