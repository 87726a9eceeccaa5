#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugLine.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/MemoryBufferRef.h>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "codegen/impl/object.h"
#include "codegen/impl/symbol_name.h"
#include "codegen/impl/unwind_reader.h"

namespace wasmax::codegen {
namespace {

using ElfObject = llvm::object::ELF64LEObjectFile;
using Section = Relocation::Section;

Error refused(const std::string& what) {
    return Error::internal("LLVM's object has " + what + ", which an artifact cannot hold");
}

template <class T>
Result<T, Error> check(llvm::Expected<T> value) {
    if (!value) {
        return fail(Error::internal("LLVM's object: " + llvm::toString(value.takeError())));
    }
    return std::move(*value);
}

/// Where a loaded section of the object is in Object::text or Object::rodata.
struct Placed {
    Section section = Section::text;
    std::uint64_t offset = 0;
};

class ObjectReader {
public:
    explicit ObjectReader(const ElfObject& elf) : elf_(elf) {}

    Result<Object, Error> read() {
        TRY(place_sections());
        TRY(read_symbols());
        TRY(read_relocations());
        TRY(read_rows());
        TRY(read_unwind_information(
            elf_,
            [this](const llvm::object::SectionRef& section) -> std::optional<std::uint64_t> {
                const std::optional<Placed> place = placed(section);
                return place.has_value() && place->section == Section::text
                           ? std::optional(place->offset)
                           : std::nullopt;
            },
            object_));
        return std::move(object_);
    }

private:
    Result<void, Error> place_sections();
    Result<void, Error> read_symbols();
    Result<void, Error> read_relocations();
    Result<void, Error> read_relocation(const Placed& placed,
                                        const llvm::object::RelocationRef& relocation);
    Result<void, Error> read_rows();
    [[nodiscard]] std::optional<Placed> placed(const llvm::object::SectionRef& section) const {
        const auto found = placed_.find(section.getIndex());
        return found == placed_.end() ? std::nullopt : std::optional(found->second);
    }

    const ElfObject& elf_;
    Object object_;
    std::map<std::uint64_t, Placed> placed_;  ///< by section index
};

Result<void, Error> ObjectReader::place_sections() {
    for (const llvm::object::ELFSectionRef section : elf_.sections()) {
        const std::uint64_t flags = section.getFlags();
        if ((flags & llvm::ELF::SHF_ALLOC) == 0 || section.getSize() == 0) {
            continue;
        }
        const std::string name = TRY(check(section.getName())).str();
        if (is_unwind_section(name)) {
            continue;
        }
        if ((flags & (llvm::ELF::SHF_WRITE | llvm::ELF::SHF_TLS)) != 0 || section.isBSS()) {
            return fail(refused("a section " + name));
        }
        const bool is_text = (flags & llvm::ELF::SHF_EXECINSTR) != 0;
        const std::uint64_t alignment = std::max<std::uint64_t>(section.getAlignment().value(), 1);
        if (is_text && alignment > kTextAlignment) {
            return fail(refused("text aligned to " + std::to_string(alignment)));
        }
        std::vector<std::byte>& bytes = is_text ? object_.text : object_.rodata;
        bytes.resize(align_up(bytes.size(), is_text ? kTextAlignment : alignment));
        if (!is_text) {
            object_.rodata_alignment = std::max(object_.rodata_alignment, alignment);
        }
        placed_[section.getIndex()] = {is_text ? Section::text : Section::rodata, bytes.size()};
        const llvm::StringRef contents = TRY(check(section.getContents()));
        const auto* data = reinterpret_cast<const std::byte*>(contents.data());
        bytes.insert(bytes.end(), data, data + contents.size());
    }
    return {};
}

Result<void, Error> ObjectReader::read_symbols() {
    for (const llvm::object::ELFSymbolRef symbol : elf_.symbols()) {
        if (symbol.getELFType() != llvm::ELF::STT_FUNC) {
            continue;
        }
        const std::string text = TRY(check(symbol.getName())).str();
        const std::optional<SymbolName> name = SymbolName::read(text);
        const auto section = TRY(check(symbol.getSection()));
        if (!name.has_value() || section == elf_.section_end()) {
            return fail(refused("a function " + text));
        }
        const std::optional<Placed> place = placed(*section);
        if (!place.has_value() || place->section != Section::text) {
            return fail(refused("a function " + text + " outside the text"));
        }
        object_.symbols.push_back({.name = *name,
                                   .offset = place->offset + TRY(check(symbol.getAddress())),
                                   .bytes = symbol.getSize()});
    }
    std::sort(object_.symbols.begin(), object_.symbols.end(),
              [](const CodeSymbol& a, const CodeSymbol& b) { return a.offset < b.offset; });
    return {};
}

Result<void, Error> ObjectReader::read_relocations() {
    for (const llvm::object::SectionRef section : elf_.sections()) {
        const auto relocated = TRY(check(section.getRelocatedSection()));
        if (relocated == elf_.section_end()) {
            continue;
        }
        const std::optional<Placed> place = placed(*relocated);
        if (!place.has_value()) {
            continue;  // debug information; its reader applies them
        }
        for (const llvm::object::RelocationRef& relocation : section.relocations()) {
            TRY(read_relocation(*place, relocation));
        }
    }
    return {};
}

Result<void, Error> ObjectReader::read_relocation(const Placed& place,
                                                  const llvm::object::RelocationRef& relocation) {
    const std::uint64_t type = relocation.getType();
    if (type != llvm::ELF::R_X86_64_PC32 && type != llvm::ELF::R_X86_64_PLT32) {
        llvm::SmallString<32> name;
        relocation.getTypeName(name);
        return fail(refused("a relocation " + name.str().str()));
    }
    Relocation result;
    result.section = place.section;
    result.place = place.offset + relocation.getOffset();
    result.addend = TRY(check(llvm::object::ELFRelocationRef(relocation).getAddend()));
    const auto field_end = result.place + sizeof(std::uint32_t);
    if (field_end >
        (place.section == Section::text ? object_.text.size() : object_.rodata.size())) {
        return fail(refused("a relocation outside its section"));
    }
    const llvm::object::ELFSymbolRef symbol = *relocation.getSymbol();
    const std::string text = TRY(check(symbol.getName())).str();
    if (const std::optional<SymbolName> name = SymbolName::read(text); name.has_value()) {
        result.target = Relocation::Target::symbol;
        result.symbol = *name;
        object_.relocations.push_back(result);
        return {};
    }
    const auto section = TRY(check(symbol.getSection()));
    if (section == elf_.section_end()) {
        return fail(refused("an undefined symbol " + text));
    }
    const std::optional<Placed> target = placed(*section);
    if (!target.has_value()) {
        return fail(refused("a relocation against " + text));
    }
    result.target =
        target->section == Section::text ? Relocation::Target::text : Relocation::Target::rodata;
    // A section symbol has the value 0, a local label its offset in the section.
    result.addend += static_cast<std::int64_t>(target->offset + TRY(check(symbol.getAddress())));
    object_.relocations.push_back(result);
    return {};
}

Result<void, Error> ObjectReader::read_rows() {
    const auto dwarf = llvm::DWARFContext::create(elf_);
    for (const auto& unit : dwarf->compile_units()) {
        const llvm::DWARFDebugLine::LineTable* table = dwarf->getLineTableForUnit(unit.get());
        if (table == nullptr) {
            return fail(refused("an unreadable line table"));
        }
        for (const auto& row : table->Rows) {
            const auto found = placed_.find(row.Address.SectionIndex);
            if (row.EndSequence || row.Line == 0 || found == placed_.end()) {
                continue;
            }
            object_.rows.push_back({found->second.offset + row.Address.Address, row.Line});
        }
    }
    if (!std::is_sorted(object_.rows.begin(), object_.rows.end(),
                        [](const LineRow& a, const LineRow& b) { return a.offset < b.offset; })) {
        return fail(refused("a line table out of order"));
    }
    // Of several rows at one place the last one is about the instruction there.
    const auto kept =
        std::unique(object_.rows.rbegin(), object_.rows.rend(),
                    [](const LineRow& a, const LineRow& b) { return a.offset == b.offset; });
    object_.rows.erase(object_.rows.begin(), kept.base());
    return {};
}

}  // namespace

Result<Object, Error> read_object(ByteView bytes) {
    const llvm::MemoryBufferRef buffer(
        llvm::StringRef(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "partition");
    auto elf = ElfObject::create(buffer);
    if (!elf) {
        return fail(Error::internal("LLVM's object: " + llvm::toString(elf.takeError())));
    }
    return ObjectReader(*elf).read();
}

}  // namespace wasmax::codegen
