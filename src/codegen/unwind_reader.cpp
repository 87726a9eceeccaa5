#include "codegen/impl/unwind_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/DataExtractor.h>
#include <llvm/Support/Error.h>

#include "abi/exception.h"
#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/object.h"

namespace wasmax::codegen {
namespace {

namespace dwarf = llvm::dwarf;

constexpr std::string_view kFrames = ".eh_frame";
constexpr std::string_view kTables = ".gcc_except_table";
/// Of the reference to the personality function.
constexpr std::string_view kPersonality = ".data.DW.ref.";

// DWARF's numbers of x86-64 registers. System V ABI, AMD64 supplement, figure 3.36
constexpr std::uint64_t kRbp = 6;
constexpr std::uint64_t kReturnAddress = 16;
constexpr std::array<std::uint64_t, abi::kSavedRegisters> kSaved{3, 12, 13, 14, 15};
/// Of a register saved right below the caller's rbp, counted from the canonical frame address in
/// words: there are the return address and rbp.
constexpr std::uint64_t kRbpWord = 2;
constexpr std::int64_t kWordBytes = 8;

Error refused(const std::string& what) {
    return Error::internal("LLVM's unwind information has " + what +
                           ", which our unwinder cannot follow");
}

template <class T>
Result<T, Error> check(llvm::Expected<T> value) {
    if (!value) {
        return fail(Error::internal("LLVM's object: " + llvm::toString(value.takeError())));
    }
    return std::move(*value);
}

/// Reads little-endian numbers; what is missing at the end is zero, and `broken`.
class Reader {
public:
    Reader(llvm::StringRef bytes, std::uint64_t offset)
        : data_(bytes, /*IsLittleEndian=*/true, /*AddressSize=*/8), cursor_(offset) {}
    ~Reader() { llvm::consumeError(cursor_.takeError()); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    std::uint8_t byte() { return data_.getU8(cursor_); }
    std::uint64_t number(std::uint32_t bytes) { return data_.getUnsigned(cursor_, bytes); }
    std::uint64_t uleb() { return data_.getULEB128(cursor_); }
    std::int64_t sleb() { return data_.getSLEB128(cursor_); }
    std::string_view text() { return data_.getCStrRef(cursor_); }
    void skip(std::uint64_t bytes) { data_.skip(cursor_, bytes); }
    [[nodiscard]] std::uint64_t offset() const { return cursor_.tell(); }
    [[nodiscard]] bool broken() { return !static_cast<bool>(cursor_); }

private:
    llvm::DataExtractor data_;
    llvm::DataExtractor::Cursor cursor_;
};

/// What a common information entry says, of what differs between those LLVM writes.
struct Common {
    bool has_tables = false;  ///< functions have a pointer into .gcc_except_table
};

class UnwindReader {
public:
    UnwindReader(const llvm::object::ELF64LEObjectFile& elf, const TextPlace& text_place,
                 Object& object)
        : elf_(elf), text_place_(text_place), object_(object) {}

    Result<void, Error> read();

private:
    Result<void, Error> find_sections();
    Result<void, Error> read_relocations(const llvm::object::SectionRef& section);
    Result<void, Error> read_common(Reader& reader, std::uint64_t start);
    Result<void, Error> read_function(Reader& reader, std::uint64_t end, const Common& common);
    Result<std::uint32_t, Error> read_instructions(Reader& reader, std::uint64_t end);
    Result<void, Error> read_instruction(Reader& reader, std::uint32_t& saved);
    Result<void, Error> save(std::uint64_t reg, std::uint64_t word, std::uint32_t& saved);
    Result<void, Error> read_table(std::uint64_t offset, std::uint64_t function);

    const llvm::object::ELF64LEObjectFile& elf_;
    const TextPlace& text_place_;
    Object& object_;
    llvm::StringRef frames_;
    llvm::StringRef tables_;
    /// By place in .eh_frame: offsets in Object::text, and in .gcc_except_table.
    std::map<std::uint64_t, std::uint64_t> text_pointers_;
    std::map<std::uint64_t, std::uint64_t> table_pointers_;
    std::map<std::uint64_t, Common> commons_;  ///< by place in .eh_frame
    bool has_frame_pointer_ = false;           ///< of the function being read
};

Result<void, Error> UnwindReader::find_sections() {
    for (const llvm::object::SectionRef section : elf_.sections()) {
        const std::string_view name = TRY(check(section.getName()));
        if (name == kFrames || name == kTables) {
            if (name == kFrames ? !frames_.empty() : !tables_.empty()) {
                return fail(refused("two sections " + std::string(name)));
            }
            (name == kFrames ? frames_ : tables_) = TRY(check(section.getContents()));
        }
        const auto relocated = TRY(check(section.getRelocatedSection()));
        if (relocated != elf_.section_end() &&
            std::string_view(TRY(check(relocated->getName()))) == kFrames) {
            TRY(read_relocations(section));
        }
    }
    return {};
}

Result<void, Error> UnwindReader::read_relocations(const llvm::object::SectionRef& section) {
    for (const llvm::object::RelocationRef& relocation : section.relocations()) {
        const auto symbol = relocation.getSymbol();
        const auto target = TRY(check(symbol->getSection()));
        if (target == elf_.section_end()) {
            continue;  // the personality function
        }
        if (relocation.getType() != llvm::ELF::R_X86_64_PC32) {
            return fail(refused("an absolute pointer"));
        }
        const std::uint64_t value =
            TRY(check(symbol->getAddress())) +
            static_cast<std::uint64_t>(
                TRY(check(llvm::object::ELFRelocationRef(relocation).getAddend())));
        if (const std::optional<std::uint64_t> text = text_place_(*target)) {
            text_pointers_[relocation.getOffset()] = *text + value;
        } else if (std::string_view(TRY(check(target->getName()))) == kTables) {
            table_pointers_[relocation.getOffset()] = value;
        }
    }
    return {};
}

/// The augmentation "zPLR": the personality, the encoding of table pointers and that of addresses.
Result<void, Error> UnwindReader::read_common(Reader& reader, std::uint64_t start) {
    constexpr std::uint64_t kRelative = dwarf::DW_EH_PE_pcrel | dwarf::DW_EH_PE_sdata4;
    const std::uint8_t version = reader.byte();
    const std::string_view augmentation = reader.text();
    const bool known = version == 1 && reader.uleb() == 1 && reader.sleb() == -kWordBytes &&
                       reader.uleb() == kReturnAddress;
    if (!known || (augmentation != "zR" && augmentation != "zPLR")) {
        return fail(refused("a common entry of another kind"));
    }
    Common common;
    reader.uleb();  // size of the augmentation
    if (augmentation == "zPLR") {
        common.has_tables = true;
        if (reader.byte() != (kRelative | dwarf::DW_EH_PE_indirect)) {
            return fail(refused("another personality"));
        }
        reader.skip(sizeof(std::uint32_t));
        if (reader.byte() != kRelative) {
            return fail(refused("another encoding of table pointers"));
        }
    }
    if (reader.byte() != kRelative || reader.broken()) {
        return fail(refused("another encoding of addresses"));
    }
    commons_[start] = common;
    return {};
}

Result<void, Error> UnwindReader::read_function(Reader& reader, std::uint64_t end,
                                                const Common& common) {
    const auto function = text_pointers_.find(reader.offset());
    if (function == text_pointers_.end()) {
        return fail(refused("a frame of no function"));
    }
    reader.skip(2 * sizeof(std::uint32_t));  // start and size
    reader.uleb();                           // size of the augmentation
    if (common.has_tables) {
        const auto table = table_pointers_.find(reader.offset());
        if (table != table_pointers_.end()) {
            TRY(read_table(table->second, function->second));
        }
        reader.skip(sizeof(std::uint32_t));
    }
    const std::uint32_t saved = TRY(read_instructions(reader, end));
    object_.frames.push_back({.offset = function->second, .saved = saved});
    return {};
}

/// Which registers are saved where at calls. The prologue is over by then, and LLVM restores
/// nothing before the epilogue, so the instructions need not be followed address by address.
Result<std::uint32_t, Error> UnwindReader::read_instructions(Reader& reader, std::uint64_t end) {
    std::uint32_t saved = 0;
    has_frame_pointer_ = false;
    while (reader.offset() < end && !reader.broken()) {
        TRY(read_instruction(reader, saved));
    }
    if (!has_frame_pointer_ || reader.broken()) {
        return fail(refused("a function without a frame pointer"));
    }
    return saved;
}

Result<void, Error> UnwindReader::read_instruction(Reader& reader, std::uint32_t& saved) {
    constexpr std::uint8_t kOperandMask = 0x3f;
    const std::uint8_t opcode = reader.byte();
    switch (opcode & ~kOperandMask) {
        case dwarf::DW_CFA_advance_loc:
        case dwarf::DW_CFA_restore:
            return {};
        case dwarf::DW_CFA_offset:
            return save(opcode & kOperandMask, reader.uleb(), saved);
        default:
            break;
    }
    switch (opcode) {
        case dwarf::DW_CFA_nop:
        case dwarf::DW_CFA_remember_state:
        case dwarf::DW_CFA_restore_state:
            return {};
        case dwarf::DW_CFA_advance_loc1:
        case dwarf::DW_CFA_advance_loc2:
        case dwarf::DW_CFA_advance_loc4:
            reader.skip(std::uint64_t{1} << (opcode - dwarf::DW_CFA_advance_loc1));
            return {};
        case dwarf::DW_CFA_def_cfa_offset:
        // What a call of the host has pushed. A call with a landing pad has no stack arguments.
        case dwarf::DW_CFA_GNU_args_size:
            reader.uleb();
            return {};
        case dwarf::DW_CFA_def_cfa:
            reader.uleb();
            reader.uleb();
            return {};
        case dwarf::DW_CFA_def_cfa_register:
            has_frame_pointer_ |= reader.uleb() == kRbp;
            return {};
        default:
            return fail(refused("an instruction " + std::to_string(opcode)));
    }
}

Result<void, Error> UnwindReader::save(std::uint64_t reg, std::uint64_t word,
                                       std::uint32_t& saved) {
    if (reg == kRbp) {
        return word == kRbpWord ? Result<void, Error>{}
                                : fail(refused("rbp in an unexpected place"));
    }
    const auto found = std::ranges::find(kSaved, reg);
    if (found == kSaved.end() || word <= kRbpWord || word - kRbpWord > abi::kMaxSavedPlace) {
        return fail(
            refused("register " + std::to_string(reg) + " in word " + std::to_string(word)));
    }
    const auto shift = static_cast<unsigned>(found - kSaved.begin()) * abi::kSavedPlaceBits;
    const auto place = static_cast<std::uint32_t>(word - kRbpWord) << shift;
    const std::uint32_t before = saved & (std::uint32_t{abi::kMaxSavedPlace} << shift);
    if (before != 0 && before != place) {
        return fail(refused("register " + std::to_string(reg) + " in two places"));
    }
    saved |= place;
    return {};
}

/// The call sites of one function, with offsets from its start. The actions behind them do not
/// matter: every landing pad takes every exception.
Result<void, Error> UnwindReader::read_table(std::uint64_t offset, std::uint64_t function) {
    Reader reader(tables_, offset);
    if (reader.byte() != dwarf::DW_EH_PE_omit) {
        return fail(refused("landing pads relative to something else"));
    }
    if (reader.byte() != dwarf::DW_EH_PE_omit) {
        reader.uleb();  // where the types are
    }
    if (reader.byte() != dwarf::DW_EH_PE_uleb128) {
        return fail(refused("another encoding of call sites"));
    }
    const std::uint64_t bytes = reader.uleb();
    const std::uint64_t end = reader.offset() + bytes;
    while (reader.offset() < end && !reader.broken()) {
        const std::uint64_t start = reader.uleb();
        const std::uint64_t length = reader.uleb();
        const std::uint64_t pad = reader.uleb();
        reader.uleb();  // action
        if (pad != 0) {
            object_.pads.push_back({.begin = static_cast<std::uint32_t>(function + start),
                                    .end = static_cast<std::uint32_t>(function + start + length),
                                    .pad = static_cast<std::uint32_t>(function + pad)});
        }
    }
    return reader.broken() ? fail(refused("a table that ends early")) : Result<void, Error>{};
}

Result<void, Error> UnwindReader::read() {
    TRY(find_sections());
    for (std::uint64_t start = 0; start + sizeof(std::uint32_t) <= frames_.size();) {
        Reader reader(frames_, start);
        const std::uint64_t bytes = reader.number(sizeof(std::uint32_t));
        const std::uint64_t id_place = reader.offset();
        const std::uint64_t end = id_place + bytes;
        if (bytes == 0 || end > frames_.size()) {
            return fail(refused("an entry that ends early"));
        }
        const std::uint64_t id = reader.number(sizeof(std::uint32_t));
        if (id == 0) {
            TRY(read_common(reader, start));
        } else {
            const auto common = commons_.find(id_place - id);
            if (common == commons_.end()) {
                return fail(refused("a frame without its common entry"));
            }
            TRY(read_function(reader, end, common->second));
        }
        start = end;
    }
    std::ranges::sort(object_.frames, {}, &FrameRow::offset);
    std::ranges::sort(object_.pads, {}, &abi::LandingRange::begin);
    return {};
}

}  // namespace

bool is_unwind_section(std::string_view name) {
    return name == kFrames || name == kTables || name.starts_with(kPersonality);
}

Result<void, Error> read_unwind_information(const llvm::object::ELF64LEObjectFile& elf,
                                            const TextPlace& text_place, Object& object) {
    return UnwindReader(elf, text_place, object).read();
}

}  // namespace wasmax::codegen
