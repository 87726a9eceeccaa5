#include "runtime/debugger.h"

#include <elf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <ios>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/elf.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/artifact.h"
#include "wasm/module.h"
#include "wasm/types.h"

// What the interface asks for by name. Mutable globals, because a debugger reads them in a process
// that it has stopped.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are gdb's.
extern "C" {
struct JitCodeEntry {
    JitCodeEntry* next = nullptr;
    JitCodeEntry* previous = nullptr;
    const std::byte* symfile = nullptr;
    std::uint64_t symfile_bytes = 0;
};

struct JitDescriptor {
    std::uint32_t version = 1;
    std::uint32_t action = 0;
    JitCodeEntry* relevant = nullptr;
    JitCodeEntry* first = nullptr;
};

[[gnu::visibility("default"), gnu::used]] JitDescriptor __jit_debug_descriptor;

/// A debugger has a breakpoint here.
[[gnu::visibility("default"), gnu::noinline, gnu::used]] void __jit_debug_register_code() {
    asm volatile("" ::: "memory");
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace wasmax::runtime {
namespace {

constexpr std::uint32_t kActionRegister = 1;

struct Symbol {
    const std::byte* code = nullptr;
    std::uint64_t bytes = 0;
    std::string name;
};

std::vector<Symbol> symbols_of(const Artifact& artifact) {
    const wasm::Module& module = artifact.module();
    std::vector<Symbol> symbols;
    symbols.reserve(module.defined_functions());
    for (std::uint32_t index = 0; index < module.defined_functions(); ++index) {
        const wasm::FunctionIndex function{module.imported_functions + index};
        symbols.push_back({.code = static_cast<const std::byte*>(artifact.code(function)),
                           .bytes = artifact.code_bytes(function),
                           .name = artifact.function_name(function)});
        std::erase(symbols.back().name, '\0');
    }
    return symbols;
}

/// An ELF file with nothing but symbols, at the addresses where the code is.
class SymbolFile {
public:
    explicit SymbolFile(const Artifact& artifact) {
        std::vector<Elf64_Sym> symbols(1);
        std::string names(1, '\0');
        for (const Symbol& symbol : symbols_of(artifact)) {
            Elf64_Sym entry{};
            entry.st_name = static_cast<Elf64_Word>(names.size());
            entry.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
            entry.st_shndx = kText;
            entry.st_value = reinterpret_cast<std::uintptr_t>(symbol.code);
            entry.st_size = symbol.bytes;
            symbols.push_back(entry);
            names.append(symbol.name).push_back('\0');
        }
        constexpr std::string_view kSectionNames("\0.text\0.symtab\0.strtab\0.shstrtab\0", 33);
        std::array<Elf64_Shdr, kSections> sections{};
        bytes_.resize(sizeof(Elf64_Ehdr) + sizeof sections);
        sections[kText] = section(1, SHT_NOBITS, {});
        sections[kText].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
        sections[kText].sh_addr = reinterpret_cast<std::uintptr_t>(artifact.text().data());
        sections[kText].sh_size = artifact.text().size();
        sections[kSymbols] = section(7, SHT_SYMTAB, std::as_bytes(std::span(symbols)));
        sections[kSymbols].sh_link = kNames;
        sections[kSymbols].sh_info = 1;  // the first global one
        sections[kSymbols].sh_entsize = sizeof(Elf64_Sym);
        sections[kNames] = section(15, SHT_STRTAB, std::as_bytes(std::span(names)));
        sections[kSectionNamesIndex] =
            section(23, SHT_STRTAB, std::as_bytes(std::span(kSectionNames)));
        const Elf64_Ehdr header = file_header();
        std::memcpy(bytes_.data(), &header, sizeof header);
        std::memcpy(bytes_.data() + sizeof header, sections.data(), sizeof sections);
        entry_ = {.symfile = bytes_.data(), .symfile_bytes = bytes_.size()};
    }
    SymbolFile(const SymbolFile&) = delete;
    SymbolFile& operator=(const SymbolFile&) = delete;
    ~SymbolFile() = default;

    [[nodiscard]] JitCodeEntry& entry() { return entry_; }

private:
    enum Index : std::uint8_t { kNone, kText, kSymbols, kNames, kSectionNamesIndex, kSections };

    /// Appends `contents`.
    Elf64_Shdr section(Elf64_Word name, Elf64_Word type, ByteView contents) {
        bytes_.resize(align_up(bytes_.size(), alignof(Elf64_Sym)));
        Elf64_Shdr header{};
        header.sh_name = name;
        header.sh_type = type;
        header.sh_offset = bytes_.size();
        header.sh_size = contents.size();
        header.sh_addralign = 1;
        bytes_.insert(bytes_.end(), contents.begin(), contents.end());
        return header;
    }

    static Elf64_Ehdr file_header() {
        Elf64_Ehdr header = abi::elf_file_header(ET_EXEC);
        header.e_shoff = sizeof header;
        header.e_shnum = kSections;
        header.e_shstrndx = kSectionNamesIndex;
        return header;
    }

    std::vector<std::byte> bytes_;
    JitCodeEntry entry_;
};

}  // namespace

void describe_to_debugger(const Artifact& artifact) {
    // Kept for ever: a debugger may attach at any time.
    static std::deque<SymbolFile> files;
    JitCodeEntry& entry = files.emplace_back(artifact).entry();
    entry.next = __jit_debug_descriptor.first;
    if (entry.next != nullptr) {
        entry.next->previous = &entry;
    }
    __jit_debug_descriptor.first = &entry;
    __jit_debug_descriptor.relevant = &entry;
    __jit_debug_descriptor.action = kActionRegister;
    __jit_debug_register_code();
}

bool is_debugged() {
    std::ifstream status("/proc/self/status");
    constexpr std::string_view kKey = "TracerPid:";
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(kKey)) {
            return line.find_first_not_of("0\t ", kKey.size()) != std::string::npos;
        }
    }
    return false;
}

Result<void, Error> write_perf_map(const Artifact& artifact) {
    const std::string path = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
    std::string text;
    for (const Symbol& symbol : symbols_of(artifact)) {
        std::array<char, 40> range{};
        std::snprintf(range.data(), range.size(), "%zx %zx ",
                      reinterpret_cast<std::uintptr_t>(symbol.code),
                      static_cast<std::size_t>(symbol.bytes));
        text.append(range.data()).append(symbol.name).push_back('\n');
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
        return fail(Error::from_errno(errno, "writing " + path));
    }
    return {};
}

}  // namespace wasmax::runtime
