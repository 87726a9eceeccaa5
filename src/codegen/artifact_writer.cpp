#include "codegen/impl/artifact_writer.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/artifact.h"
#include "abi/cpu_features.h"
#include "abi/elf.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "codegen/impl/linker.h"
#include "codegen/impl/memory_image.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"
#include "codegen/plugin.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::codegen {
namespace {

constexpr std::uint8_t kCodeSectionId = 10;
constexpr std::uint8_t kDataSectionId = 11;
constexpr std::size_t kModulePreambleBytes = 8;  // magic and version
/// Text beyond this gets huge-page alignment.
constexpr std::uint64_t kLargeTextBytes = 8 * kMiB;
constexpr std::uint64_t kHugePageBytes = 2 * kMiB;

template <class T>
ByteView bytes_of(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

template <std::size_t kSize>
void copy_text(std::array<char, kSize>& out, std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), kSize - 1), out.begin());
}

/// The module's binary without its code section, and without the data that `image` holds.
std::vector<std::byte> module_without_code(const wasm::Module& module, const MemoryImage& image) {
    const ByteView preamble = module.bytes.first(kModulePreambleBytes);
    std::vector<std::byte> bytes(preamble.begin(), preamble.end());
    for (const wasm::SectionSpan& section : module.sections) {
        if (section.id == kDataSectionId && !image.extents.empty()) {
            const std::vector<std::byte> data = data_section_without_active(module);
            bytes.insert(bytes.end(), data.begin(), data.end());
        } else if (section.id != kCodeSectionId) {
            bytes.insert(bytes.end(), section.whole.begin(), section.whole.end());
        }
    }
    return bytes;
}

/// An ELF image under construction, in which file offsets are addresses.
class ElfImage {
public:
    ElfImage() : bytes_(abi::kArtifactHeaderOffset) {
        sections_.push_back({});  // index 0 is no section
        section_names_.push_back('\0');
    }

    /// Appends `contents` as a section. `flags` are SHF_*; without SHF_ALLOC it has no address.
    abi::ArtifactPart add_section(std::string_view name, ByteView contents, std::uint64_t alignment,
                                  std::uint64_t flags, std::uint32_t type = SHT_PROGBITS) {
        align(alignment);
        const abi::ArtifactPart part{bytes_.size(), contents.size()};
        bytes_.insert(bytes_.end(), contents.begin(), contents.end());
        Elf64_Shdr header{};
        header.sh_name = static_cast<Elf64_Word>(section_names_.size());
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_addr = (flags & SHF_ALLOC) != 0 ? part.offset : 0;
        header.sh_offset = part.offset;
        header.sh_size = part.bytes;
        header.sh_addralign = alignment;
        sections_.push_back(header);
        section_names_ += name;
        section_names_.push_back('\0');
        return part;
    }

    [[nodiscard]] Elf64_Shdr& last_section() { return sections_.back(); }
    [[nodiscard]] std::uint16_t last_index() const {
        return static_cast<std::uint16_t>(sections_.size() - 1);
    }

    /// A PT_LOAD segment; an empty one is left out.
    void add_segment(std::uint64_t start, std::uint64_t bytes, std::uint32_t flags,
                     std::uint64_t alignment) {
        if (bytes != 0) {
            Elf64_Phdr header{};
            header.p_type = PT_LOAD;
            header.p_flags = flags;
            header.p_offset = header.p_vaddr = header.p_paddr = start;
            header.p_filesz = header.p_memsz = bytes;
            header.p_align = alignment;
            segments_.push_back(header);
        }
    }

    [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
    [[nodiscard]] ByteView view() const { return bytes_; }
    void align(std::uint64_t alignment) { bytes_.resize(align_up(bytes_.size(), alignment)); }
    void overwrite(std::uint64_t offset, ByteView contents) {
        std::copy(contents.begin(), contents.end(),
                  bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    }

    /// Adds the section headers, then the headers in front.
    void finish();
    [[nodiscard]] std::vector<std::byte> take() && { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
    std::vector<Elf64_Shdr> sections_;
    std::vector<Elf64_Phdr> segments_;
    std::string section_names_;
};

void ElfImage::finish() {
    constexpr std::string_view kName = ".shstrtab";
    const std::string names = section_names_ + std::string(kName) + '\0';
    add_section(kName, std::as_bytes(std::span(names)), 1, 0, SHT_STRTAB);
    bytes_.resize(align_up(bytes_.size(), alignof(Elf64_Shdr)));
    const std::uint64_t section_headers = bytes_.size();
    const ByteView headers = bytes_of(sections_);
    bytes_.insert(bytes_.end(), headers.begin(), headers.end());

    Elf64_Phdr stack{};
    stack.p_type = PT_GNU_STACK;
    stack.p_flags = PF_R | PF_W;
    segments_.push_back(stack);
    Elf64_Ehdr header = abi::elf_file_header(ET_DYN);
    header.e_phoff = sizeof header;
    header.e_shoff = section_headers;
    header.e_phnum = static_cast<Elf64_Half>(segments_.size());
    header.e_shnum = static_cast<Elf64_Half>(sections_.size());
    header.e_shstrndx = last_index();
    overwrite(0, std::as_bytes(std::span(&header, 1)));
    overwrite(sizeof header, bytes_of(segments_));
}

void add_memory(ElfImage& image, abi::ArtifactHeader& header, const MemoryImage& memory) {
    if (memory.extents.empty()) {
        return;
    }
    const std::uint64_t table_bytes = memory.extents.size() * sizeof(abi::MemoryExtent);
    std::uint64_t offset =
        align_up(align_up(image.size(), alignof(abi::MemoryExtent)) + table_bytes, kHostPageBytes);
    std::vector<abi::MemoryExtent> table;
    table.reserve(memory.extents.size());
    for (const MemoryImage::Extent& extent : memory.extents) {
        table.push_back({.memory = extent.memory,
                         .address = extent.address,
                         .offset = offset,
                         .bytes = extent.bytes});
        offset += extent.bytes;
    }
    header.memory_extents =
        image.add_section(".wmx.extents", bytes_of(table), alignof(abi::MemoryExtent), SHF_ALLOC);
    header.memory_data =
        image.add_section(".wmx.data", bytes_of(memory.data), kHostPageBytes, SHF_ALLOC);
}

/// `.symtab` and `.strtab`, so that objdump, perf and gdb show the names of the wasm module.
void add_symbols(ElfImage& image, const wasm::Module& module, const LinkedCode& code,
                 std::uint64_t text_address, std::uint16_t text_section) {
    const wasm::FunctionNames names = wasm::FunctionNames::decode(module);
    std::vector<Elf64_Sym> symbols(1);
    std::string strings(1, '\0');
    for (const CodeSymbol& symbol : code.symbols) {
        Elf64_Sym entry{};
        entry.st_name = static_cast<Elf64_Word>(strings.size());
        entry.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
        entry.st_shndx = text_section;
        entry.st_value = text_address + symbol.offset;
        entry.st_size = symbol.bytes;
        symbols.push_back(entry);
        std::string name = names.name(symbol.name.function);
        std::erase(name, '\0');
        strings += name;
        if (symbol.name.kind == SymbolName::Kind::wrapper) {
            strings += "[wrapper]";
        }
        strings.push_back('\0');
    }
    image.add_section(".symtab", bytes_of(symbols), alignof(Elf64_Sym), 0, SHT_SYMTAB);
    image.last_section().sh_entsize = sizeof(Elf64_Sym);
    image.last_section().sh_link = image.last_index() + 1U;                  // .strtab
    image.last_section().sh_info = static_cast<Elf64_Word>(symbols.size());  // all are local
    image.add_section(".strtab", std::as_bytes(std::span(strings)), 1, 0, SHT_STRTAB);
}

}  // namespace

Result<std::vector<std::byte>, Error> write_artifact(const Plan& plan,
                                                     std::span<const Object> objects) {
    const wasm::Module& module = plan.module;
    LinkedCode code = TRY(join(plan, objects));

    const MemoryImage memory = memory_image(module);

    ElfImage image;
    std::vector<abi::ArtifactHeader> header(1);
    image.add_section(".wmx.header", bytes_of(header), alignof(abi::ArtifactHeader), SHF_ALLOC);
    header[0].abi_version = abi::kAbiVersion;
    header[0].header_bytes = sizeof(abi::ArtifactHeader);
    copy_text(header[0].build, WASMAX_VERSION);
    copy_text(header[0].cpu, plan.target.cpu());
    if (plan.options.cpu.empty()) {
        header[0].cpu_features = abi::host_cpu_features();
    }
    header[0].tier = static_cast<std::uint32_t>(plan.options.tier);
    header[0].features = feature_bits(plan.options.features);
    header[0].defined_functions = module.defined_functions();
    header[0].imported_functions = module.imported_functions;

    const auto add = [&](std::string_view name, ByteView contents, std::uint64_t alignment) {
        return image.add_section(name, contents, alignment, SHF_ALLOC);
    };
    constexpr std::uint64_t kTableAlignment = sizeof(std::uint32_t);
    header[0].module = add(".wmx.module", module_without_code(module, memory), 1);
    header[0].functions = add(".wmx.functions", bytes_of(code.functions), kTableAlignment);
    header[0].wrappers = add(".wmx.wrappers", bytes_of(code.wrappers), kTableAlignment);
    header[0].pcmap_index = add(".wmx.pcindex", bytes_of(code.pcmap_index), kTableAlignment);
    header[0].pcmap_entries = add(".wmx.pcmap", bytes_of(code.pcmap_entries), 1);
    header[0].unwind = add(".wmx.unwind", bytes_of(code.unwind), kTableAlignment);
    header[0].landing = add(".wmx.landing", bytes_of(code.landing), kTableAlignment);
    header[0].rodata = add(".rodata", bytes_of(code.rodata), code.rodata_alignment);
    add_memory(image, header[0], memory);
    image.add_segment(0, image.size(), PF_R, kHostPageBytes);

    const std::uint64_t text_alignment =
        code.text.size() > kLargeTextBytes ? kHugePageBytes : kHostPageBytes;
    const std::uint64_t text_offset = align_up(image.size(), text_alignment);
    TRY(relocate(code, plan, objects,
                 {static_cast<std::int64_t>(text_offset - header[0].rodata.offset)}));
    image.overwrite(header[0].rodata.offset, bytes_of(code.rodata));
    header[0].text =
        image.add_section(".text", bytes_of(code.text), text_alignment, SHF_ALLOC | SHF_EXECINSTR);
    image.add_segment(header[0].text.offset, header[0].text.bytes, PF_R | PF_X, text_alignment);
    const std::uint16_t text_section = image.last_index();

    // What follows is not mapped, so it must not share the last page of the text.
    image.align(kHostPageBytes);
    add_symbols(image, module, code, text_offset, text_section);
    image.finish();
    header[0].image_bytes = image.size();
    image.overwrite(abi::kArtifactHeaderOffset, bytes_of(header));
    header[0].checksum =
        abi::artifact_checksum(image.view().first(header[0].text.offset + header[0].text.bytes));
    image.overwrite(abi::kArtifactHeaderOffset, bytes_of(header));
    return std::move(image).take();
}

}  // namespace wasmax::codegen
