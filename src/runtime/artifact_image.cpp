#include "runtime/impl/artifact_image.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/artifact.h"
#include "abi/cpu_features.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::runtime {
namespace {

Error damaged(std::string_view what) {
    return Error::invalid("damaged artifact (compile the module again): " + std::string(what));
}

bool inside(ByteView image, std::uint64_t offset, std::uint64_t bytes) {
    return offset <= image.size() && bytes <= image.size() - offset;
}

/// A copy of the T at `offset`, which is inside: the image need not be aligned for it.
template <class T>
T read(ByteView image, std::uint64_t offset) {
    T value;
    std::memcpy(&value, image.data() + offset, sizeof(T));
    return value;
}

template <std::size_t N>
std::string_view text(const std::array<char, N>& padded) {
    return {padded.data(), strnlen(padded.data(), N)};
}

/// Every loadable segment must say what the runtime does: offsets are addresses, nothing is
/// writable, and the executable one is the text. Other tools trust these headers.
Result<void, Error> check_segments(ByteView image, const abi::ArtifactPart& code) {
    const auto elf = read<Elf64_Ehdr>(image, 0);
    if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
        elf.e_ident[EI_DATA] != ELFDATA2LSB || elf.e_type != ET_DYN || elf.e_machine != EM_X86_64) {
        return fail(damaged("not an ELF image for x86-64"));
    }
    if (elf.e_phentsize != sizeof(Elf64_Phdr) ||
        !inside(image, elf.e_phoff, std::uint64_t{elf.e_phnum} * sizeof(Elf64_Phdr))) {
        return fail(damaged("program headers"));
    }
    bool found = code.bytes == 0;
    for (std::uint64_t index = 0; index < elf.e_phnum; ++index) {
        const auto segment = read<Elf64_Phdr>(image, elf.e_phoff + index * sizeof(Elf64_Phdr));
        if (segment.p_type != PT_LOAD) {
            continue;
        }
        if (segment.p_offset != segment.p_vaddr || segment.p_filesz != segment.p_memsz ||
            !inside(image, segment.p_offset, segment.p_filesz) || (segment.p_flags & PF_W) != 0) {
            return fail(damaged("loadable segments"));
        }
        if ((segment.p_flags & PF_X) != 0) {
            if (code.offset < segment.p_offset || code.bytes > segment.p_filesz ||
                code.offset - segment.p_offset > segment.p_filesz - code.bytes) {
                return fail(damaged("the executable segment is not the code"));
            }
            found = true;
        }
    }
    return found ? Result<void, Error>{} : fail(damaged("no executable segment"));
}

/// Levels of the x86-64 psABI are known by name. Anything else was compiled for the CPU it was
/// compiled on, whose features the header has.
Result<void, Error> check_cpu(const abi::ArtifactHeader& header) {
    const std::string_view name = text(header.cpu);
    constexpr std::string_view kLevels = "x86-64";
    const bool runs = !name.starts_with(kLevels) || name == kLevels ||
                      (name == "x86-64-v2" && __builtin_cpu_supports("x86-64-v2")) ||
                      (name == "x86-64-v3" && __builtin_cpu_supports("x86-64-v3")) ||
                      (name == "x86-64-v4" && __builtin_cpu_supports("x86-64-v4"));
    if (name.empty() || !runs || !abi::covers(abi::host_cpu_features(), header.cpu_features)) {
        return fail(Error::unsupported("artifact for another CPU: it was compiled for `" +
                                       std::string(name) +
                                       "`, which has features that this CPU lacks; compile the "
                                       "module again, for this machine or with --cpu x86-64-v2"));
    }
    return {};
}

}  // namespace

Result<abi::ArtifactHeader, Error> checked_header(ByteView image) {
    static_assert(abi::kArtifactHeaderOffset >= sizeof(Elf64_Ehdr));
    if (!inside(image, abi::kArtifactHeaderOffset, sizeof(abi::ArtifactHeader))) {
        return fail(Error::invalid("not an artifact: too short"));
    }
    const auto header = read<abi::ArtifactHeader>(image, abi::kArtifactHeaderOffset);
    if (header.magic != abi::kArtifactMagic) {
        return fail(Error::invalid("not an artifact"));
    }
    if (header.abi_version != abi::kAbiVersion ||
        header.header_bytes != sizeof(abi::ArtifactHeader)) {
        return fail(Error::unsupported("artifact of another version of wasmax (`" +
                                       std::string(text(header.build)) +
                                       "`): compile the module again with this one"));
    }
    if (header.image_bytes != image.size()) {
        return fail(damaged("cut off, or too long"));
    }
    for (const abi::ArtifactPart* part :
         {&header.module, &header.functions, &header.wrappers, &header.pcmap_index,
          &header.pcmap_entries, &header.unwind, &header.landing, &header.rodata,
          &header.memory_extents, &header.memory_data, &header.text}) {
        if (!inside(image, part->offset, part->bytes)) {
            return fail(damaged("a part reaches past the end"));
        }
    }
    if (header.text.offset % kHostPageBytes != 0) {
        return fail(damaged("the code is not page-aligned"));
    }
    TRY(check_segments(image, header.text));
    TRY(check_cpu(header));
    return header;
}

ByteView part_bytes(ByteView image, abi::ArtifactPart part) {
    return image.subspan(part.offset, part.bytes);
}

Result<std::vector<abi::MemoryExtent>, Error> memory_extents(ByteView image,
                                                             const abi::ArtifactHeader& header) {
    const ByteView bytes = part_bytes(image, header.memory_extents);
    std::vector<abi::MemoryExtent> extents(bytes.size() / sizeof(abi::MemoryExtent));
    if (bytes.size() % sizeof(abi::MemoryExtent) != 0) {
        return fail(damaged("the table of memory extents has another size"));
    }
    if (!extents.empty()) {
        std::memcpy(extents.data(), bytes.data(), bytes.size());
    }
    const abi::ArtifactPart& data = header.memory_data;
    for (const abi::MemoryExtent& extent : extents) {
        const bool aligned = (extent.address | extent.offset | extent.bytes) % kHostPageBytes == 0;
        if (!aligned || extent.offset < data.offset || extent.bytes > data.bytes ||
            extent.offset - data.offset > data.bytes - extent.bytes) {
            return fail(damaged("a memory extent points outside"));
        }
    }
    return extents;
}

Result<std::span<const std::uint32_t>, Error> part_numbers(ByteView image, abi::ArtifactPart part,
                                                           std::uint64_t count) {
    if (part.bytes != count * sizeof(std::uint32_t) || part.offset % alignof(std::uint32_t) != 0) {
        return fail(damaged("a table of functions has another size"));
    }
    return std::span(reinterpret_cast<const std::uint32_t*>(image.data() + part.offset), count);
}

Result<std::span<const abi::LandingRange>, Error> part_ranges(ByteView image,
                                                              abi::ArtifactPart part) {
    if (part.bytes % sizeof(abi::LandingRange) != 0 ||
        part.offset % alignof(abi::LandingRange) != 0) {
        return fail(damaged("the table of landing pads has another size"));
    }
    return std::span(reinterpret_cast<const abi::LandingRange*>(image.data() + part.offset),
                     part.bytes / sizeof(abi::LandingRange));
}

}  // namespace wasmax::runtime
