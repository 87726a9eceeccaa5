// The ELF files that wasmax writes: artifacts, and what it shows a debugger. (System V ABI, elf(5))
#pragma once

#include <elf.h>

#include <cstring>

namespace wasmax::abi {

/// The header of a little-endian 64-bit ELF file for x86-64 of this `type` (ET_...), without
/// tables: whoever has program or section headers says where they are. Their sizes are filled in.
[[nodiscard]] inline Elf64_Ehdr elf_file_header(Elf64_Half type) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = type;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    return header;
}

}  // namespace wasmax::abi
