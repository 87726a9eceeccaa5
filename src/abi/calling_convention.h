#pragma once

#include <cstdint>
#include <vector>

#include "wasm/types.h"

namespace wasmax::abi {

/// Where a value of a wasm call travels. docs/decisions/0002-plain-c-abi.md
struct ValueLocation {
    /// `gpr`, `xmm`: the n-th register of its class in the System V C convention (parameter 0, the
    /// context, is not counted: gpr 0 is rsi). `spill`: slot n of VmContext::spill.
    enum class Kind : std::uint8_t { gpr, xmm, spill } kind;
    std::uint16_t index;
    bool operator==(const ValueLocation&) const = default;
};

inline constexpr unsigned kParameterGprs = 5;  ///< rsi, rdx, rcx, r8, r9
inline constexpr unsigned kParameterXmms = 8;
inline constexpr unsigned kResultGprs = 2;  ///< rax, rdx
inline constexpr unsigned kResultXmms = 2;

/// One per parameter, in order. Integers and references take gprs, floats and vectors xmms; what
/// does not fit goes to spill slots numbered from 0, stored right before the call and read first
/// thing in the callee. So no wasm function has stack arguments.
[[nodiscard]] std::vector<ValueLocation> parameter_locations(const wasm::FunctionType& type);

/// One per result. All in registers (at most 2 gprs and 2 xmms), or else all in spill slots by
/// position.
[[nodiscard]] std::vector<ValueLocation> result_locations(const wasm::FunctionType& type);

}  // namespace wasmax::abi
