#include "engine/executable.h"

#include <elf.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/artifact.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "engine/new_file.h"
#include "launch/embedded.h"

namespace wasmax::engine {
namespace {

/// `count` entries of a table in `image`, or none if they are not inside.
template <class T>
std::vector<T> read_table(ByteView image, std::uint64_t offset, std::uint64_t count) {
    if (offset > image.size() || count > (image.size() - offset) / sizeof(T)) {
        return {};
    }
    std::vector<T> table(count);
    std::memcpy(table.data(), image.data() + offset, count * sizeof(T));
    return table;
}

template <class T>
ByteView bytes_of(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

/// The headers of an ELF file. `elf` is all zero when there is none.
struct Headers {
    Elf64_Ehdr elf{};
    std::vector<Elf64_Phdr> segments;
    std::vector<Elf64_Shdr> sections;

    static Headers of(ByteView image) {
        Headers headers;
        const auto first = read_table<Elf64_Ehdr>(image, 0, 1);
        if (!first.empty()) {
            headers.elf = first.front();
            headers.segments =
                read_table<Elf64_Phdr>(image, headers.elf.e_phoff, headers.elf.e_phnum);
            headers.sections =
                read_table<Elf64_Shdr>(image, headers.elf.e_shoff, headers.elf.e_shnum);
        }
        return headers;
    }
};

Elf64_Phdr segment(std::uint32_t type, std::uint32_t flags, std::uint64_t start,
                   std::uint64_t bytes, std::uint64_t alignment) {
    return {.p_type = type,
            .p_flags = flags,
            .p_offset = start,
            .p_vaddr = start,
            .p_paddr = start,
            .p_filesz = bytes,
            .p_memsz = bytes,
            .p_align = alignment};
}

/// Where everything stands in the executable.
struct Layout {
    std::uint64_t artifact = 0;
    std::uint64_t text = 0;      // the artifact's
    std::uint64_t text_end = 0;  // whole pages
    std::uint64_t artifact_end = 0;
    std::uint64_t tail = 0;  // program headers, EmbeddedGuest, options
    std::uint64_t guest = 0;
    std::uint64_t options = 0;
    std::uint64_t tail_end = 0;
    std::uint64_t text_alignment = kHostPageBytes;
};

/// Program headers that are added: three parts of the artifact, the tail, the mark.
constexpr std::size_t kAddedSegments = 5;

Layout lay_out(const Headers& stub, ByteView stub_bytes, ByteView artifact,
               std::size_t option_bytes) {
    const auto header =
        read_table<abi::ArtifactHeader>(artifact, abi::kArtifactHeaderOffset, 1).front();
    Layout layout;
    for (const Elf64_Phdr& own : Headers::of(artifact).segments) {
        layout.text_alignment = std::max(layout.text_alignment, std::uint64_t{own.p_align});
    }
    std::uint64_t end = stub_bytes.size();
    for (const Elf64_Phdr& own : stub.segments) {
        end = own.p_type == PT_LOAD ? std::max(end, own.p_vaddr + own.p_memsz) : end;
    }
    layout.artifact = align_up(end, layout.text_alignment);
    layout.text = layout.artifact + header.text.offset;
    layout.text_end = layout.text + align_up(header.text.bytes, kHostPageBytes);
    layout.artifact_end = layout.artifact + artifact.size();
    layout.tail = align_up(layout.artifact_end, kHostPageBytes);
    layout.guest = layout.tail + (stub.segments.size() + kAddedSegments) * sizeof(Elf64_Phdr);
    layout.options = layout.guest + sizeof(launch::EmbeddedGuest);
    layout.tail_end = layout.options + option_bytes;
    return layout;
}

std::vector<Elf64_Phdr> program_headers(const Headers& stub, const Layout& layout) {
    std::vector<Elf64_Phdr> table = stub.segments;
    for (Elf64_Phdr& own : table) {
        if (own.p_type == PT_PHDR) {
            own = segment(PT_PHDR, PF_R, layout.tail, layout.guest - layout.tail, own.p_align);
        }
    }
    // Loadable segments must ascend, so these go behind the stub's last one.
    const auto last = std::find_if(table.rbegin(), table.rend(),
                                   [](const Elf64_Phdr& own) { return own.p_type == PT_LOAD; });
    table.insert(last.base(), {segment(PT_LOAD, PF_R, layout.artifact,
                                       layout.text - layout.artifact, layout.text_alignment),
                               segment(PT_LOAD, PF_R | PF_X, layout.text,
                                       layout.text_end - layout.text, layout.text_alignment),
                               segment(PT_LOAD, PF_R, layout.text_end,
                                       layout.artifact_end - layout.text_end, kHostPageBytes),
                               segment(PT_LOAD, PF_R, layout.tail, layout.tail_end - layout.tail,
                                       kHostPageBytes)});
    table.push_back(segment(launch::kEmbeddedSegment, PF_R, layout.guest,
                            sizeof(launch::EmbeddedGuest), alignof(launch::EmbeddedGuest)));
    return table;
}

/// Section headers of both, for tools: perf and gdb take the names of wasm functions from them.
struct Sections {
    std::vector<Elf64_Shdr> headers;
    std::string names;
    std::vector<Elf64_Sym> symbols;  // the artifact's, moved
    std::uint64_t symbols_offset = 0;
};

std::string_view name_of(ByteView image, const Headers& file, const Elf64_Shdr& section) {
    if (file.elf.e_shstrndx >= file.sections.size()) {
        return {};
    }
    const Elf64_Shdr& names = file.sections[file.elf.e_shstrndx];
    if (names.sh_offset > image.size() || names.sh_size > image.size() - names.sh_offset ||
        section.sh_name >= names.sh_size) {
        return {};
    }
    const char* start = reinterpret_cast<const char*>(image.data()) + names.sh_offset;
    return {start + section.sh_name,
            ::strnlen(start + section.sh_name, names.sh_size - section.sh_name)};
}

Sections join_sections(const Headers& stub, ByteView stub_bytes, ByteView artifact,
                       const Layout& layout) {
    Sections all;
    const auto add = [&](Elf64_Shdr section, std::string_view name) {
        section.sh_name = static_cast<Elf64_Word>(all.names.size());
        all.names.append(name).push_back('\0');
        all.headers.push_back(section);
    };
    for (const Elf64_Shdr& section : stub.sections) {
        add(section, name_of(stub_bytes, stub, section));
    }
    if (all.headers.empty()) {
        add({}, "");
    }
    const Headers own = Headers::of(artifact);
    const auto shift = static_cast<Elf64_Word>(all.headers.size() - 1);  // both have a section 0
    for (std::size_t index = 1; index < own.sections.size(); ++index) {
        Elf64_Shdr section = own.sections[index];
        const std::string_view name = name_of(artifact, own, section);
        if (section.sh_type == SHT_SYMTAB) {
            all.symbols = read_table<Elf64_Sym>(artifact, section.sh_offset,
                                                section.sh_size / sizeof(Elf64_Sym));
            all.symbols_offset = layout.artifact + section.sh_offset;
        }
        section.sh_offset += layout.artifact;
        section.sh_addr += (section.sh_flags & SHF_ALLOC) != 0 ? layout.artifact : 0;
        section.sh_link += section.sh_link != 0 ? shift : 0;
        // `.text` and `.rodata` are the stub's.
        const bool is_own = name.starts_with(".wmx") || name == ".symtab" || name == ".strtab";
        add(section, is_own ? std::string(name) : ".wmx" + std::string(name));
    }
    for (Elf64_Sym& symbol : all.symbols) {
        if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx < SHN_LORESERVE) {
            symbol.st_shndx = static_cast<Elf64_Section>(symbol.st_shndx + shift);
            symbol.st_value += layout.artifact;
        }
    }
    Elf64_Shdr names{};
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    add(names, ".shstrtab");
    all.headers.back().sh_offset = layout.tail_end;
    all.headers.back().sh_size = all.names.size();
    return all;
}

bool is_stub(const Headers& stub) {
    const auto is_phdr = [](const Elf64_Phdr& own) { return own.p_type == PT_PHDR; };
    return std::memcmp(stub.elf.e_ident, ELFMAG, SELFMAG) == 0 && stub.elf.e_type == ET_DYN &&
           std::any_of(stub.segments.begin(), stub.segments.end(), is_phdr);
}

}  // namespace

Result<void, Error> write_executable(NewFile& file, ByteView stub, ByteView artifact,
                                     std::string_view options) {
    const Headers headers = Headers::of(stub);
    if (!is_stub(headers)) {
        return fail(Error::internal("wasmax-standalone is damaged: build or install it again"));
    }
    const Layout layout = lay_out(headers, stub, artifact, options.size());
    const std::vector<Elf64_Phdr> segments = program_headers(headers, layout);
    const Sections sections = join_sections(headers, stub, artifact, layout);
    const std::uint64_t section_headers =
        align_up(layout.tail_end + sections.names.size(), alignof(Elf64_Shdr));
    const std::vector<launch::EmbeddedGuest> guest{{.artifact_offset = layout.artifact,
                                                    .artifact_bytes = artifact.size(),
                                                    .options_offset = layout.options,
                                                    .options_bytes = options.size()}};
    std::vector<Elf64_Ehdr> elf{headers.elf};
    elf[0].e_phoff = layout.tail;
    elf[0].e_phnum = static_cast<Elf64_Half>(segments.size());
    elf[0].e_shoff = section_headers;
    elf[0].e_shentsize = sizeof(Elf64_Shdr);
    elf[0].e_shnum = static_cast<Elf64_Half>(sections.headers.size());
    elf[0].e_shstrndx = static_cast<Elf64_Half>(sections.headers.size() - 1);

    TRY(file.write(0, stub));
    TRY(file.write(0, bytes_of(elf)));
    TRY(file.write(layout.artifact, artifact));
    TRY(file.write(sections.symbols_offset, bytes_of(sections.symbols)));
    TRY(file.write(layout.tail, bytes_of(segments)));
    TRY(file.write(layout.guest, bytes_of(guest)));
    TRY(file.write(layout.options, std::as_bytes(std::span(options))));
    TRY(file.write(layout.tail_end, std::as_bytes(std::span(sections.names))));
    return file.write(section_headers, bytes_of(sections.headers));
}

}  // namespace wasmax::engine
