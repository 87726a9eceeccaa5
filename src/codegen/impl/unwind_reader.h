#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <llvm/Object/ELFObjectFile.h>

#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/object.h"

namespace wasmax::codegen {

/// Whether a section of an object says how to unwind, so that read_unwind_information() reads it
/// and no artifact holds it.
[[nodiscard]] bool is_unwind_section(std::string_view name);

/// Where a section of the object is in Object::text; nullopt if it is not text.
using TextPlace = std::function<std::optional<std::uint64_t>(const llvm::object::SectionRef&)>;

/// Fills `object.frames` and `object.pads` from `.eh_frame` and `.gcc_except_table`, which LLVM
/// writes for functions that may unwind. Errors: internal, for anything that the runtime's unwinder
/// could not follow, such as a frame without a frame pointer or a moved register; the message names
/// it. DWARF 5 section 6.4, Linux Standard Base 10.6 (eh_frame), Itanium C++ ABI (tables)
[[nodiscard]] Result<void, Error> read_unwind_information(
    const llvm::object::ELF64LEObjectFile& elf, const TextPlace& text_place, Object& object);

}  // namespace wasmax::codegen
