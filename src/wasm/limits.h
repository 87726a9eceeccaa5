#pragma once

#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace wasmax::wasm {

// What wasmax accepts at most. A module beyond one of these is refused with
// ModuleError::Kind::limit before anything is allocated for it. wasm: appendix implementation
// limitations

inline constexpr std::uint64_t kMaxModuleBytes = kGiB;
inline constexpr std::uint32_t kMaxTypes = 1'000'000;
inline constexpr std::uint32_t kMaxFunctions = 1'000'000;
inline constexpr std::uint32_t kMaxImports = 100'000;
inline constexpr std::uint32_t kMaxExports = 100'000;
inline constexpr std::uint32_t kMaxGlobals = 100'000;
inline constexpr std::uint32_t kMaxTables = 100'000;
inline constexpr std::uint32_t kMaxMemories = 100;
inline constexpr std::uint32_t kMaxSegments = 100'000;
inline constexpr std::uint32_t kMaxElementItems = 10'000'000;  ///< in one element segment

inline constexpr std::uint32_t kMaxParameters = 1'000;
inline constexpr std::uint32_t kMaxResults = 1'000;
inline constexpr std::uint32_t kMaxBodyBytes = 7'654'321;
inline constexpr std::uint32_t kMaxLocals = 50'000;  ///< of one function, parameters included
inline constexpr std::uint32_t kMaxBranchTableTargets = 65'536;
/// One instruction can push kMaxResults operands, so the size of a body does not bound the stack.
inline constexpr std::uint32_t kMaxOperands = 1'000'000;
/// Values that blocks, branches and calls of one function pass, of which an instruction of three
/// bytes can move 2,000. Compilers push every value before they pass it: real code stays below one
/// per byte.
inline constexpr std::size_t kMaxMovedValues = 100'000;
inline constexpr std::size_t kMaxMovedValuesPerByte = 8;
/// Above kMaxBranchTableTargets: compilers make one block per case of a switch.
inline constexpr std::uint32_t kMaxNesting = 100'000;

/// Of the 32-bit address space; valid-memtype.
inline constexpr WasmPages kMaxMemory32Pages{65'536};
/// For a table that exists: checked by instantiation and table.grow, not by decoding.
inline constexpr std::uint32_t kMaxTableEntries = 10'000'000;

}  // namespace wasmax::wasm
