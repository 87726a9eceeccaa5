#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "abi/exception.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "codegen/impl/symbol_name.h"

namespace wasmax::codegen {

/// Code of one function, in a partition's text.
struct CodeSymbol {
    SymbolName name;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// A 32-bit field that gets `target + addend - place`; the x86-64 ELF relocations PC32 and PLT32.
struct Relocation {
    enum class Section : std::uint8_t { text, rodata };
    enum class Target : std::uint8_t { text, rodata, symbol };
    Section section = Section::text;  ///< of the place
    Target target = Target::text;
    std::uint64_t place = 0;
    SymbolName symbol;        ///< when target is symbol
    std::int64_t addend = 0;  ///< from the start of the section when target is one
};

/// The instruction at `offset` of the text belongs to `module_offset` of the wasm module.
struct LineRow {
    std::uint64_t offset = 0;
    std::uint32_t module_offset = 0;
};

/// Where the function at `offset` of the text saved callee-saved registers (abi/exception.h).
struct FrameRow {
    std::uint64_t offset = 0;
    std::uint32_t saved = 0;
};

/// A compiled partition, taken out of the object LLVM made.
struct Object {
    std::vector<std::byte> text;
    std::vector<std::byte> rodata;
    std::uint64_t rodata_alignment = 1;
    std::vector<CodeSymbol> symbols;  ///< by offset
    std::vector<Relocation> relocations;
    std::vector<LineRow> rows;            ///< by offset, one per offset
    std::vector<FrameRow> frames;         ///< by offset; those with unwind information
    std::vector<abi::LandingRange> pads;  ///< by address
};

/// The alignment of every function and so of every partition's text.
inline constexpr std::uint64_t kTextAlignment = 16;

/// Reads an ELF relocatable object. Errors: internal, for anything the artifact has no place for,
/// such as a writable section, an undefined symbol that is not a wasm function, another kind of
/// relocation; the message names it.
[[nodiscard]] Result<Object, Error> read_object(ByteView bytes);

}  // namespace wasmax::codegen
