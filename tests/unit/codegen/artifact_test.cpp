#include "abi/artifact.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Object/ELFObjectFile.h>

#include "abi/vm_context.h"
#include "codegen/compiler.h"
#include "support.h"
#include "wasm/decoder.h"

namespace wasmax::codegen {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;

constexpr std::string_view kModule = R"((module
  (import "wasix_32v1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasix_32v1" "sched_yield" (func $sched_yield (result i32)))
  (import "env" "linked" (func $linked))
  (table 4 funcref)
  (memory 1)
  (elem (i32.const 0) $fd_close $half)
  (func $half (export "half") (param f64) (result f64) local.get 0 f64.const 0.5 f64.mul)
  (func $yield call $sched_yield drop call $linked)
  (func $kind (param i32) (result i32)
    (block (block (block (block (block (block
      local.get 0 br_table 0 1 2 3 4 5)
      i32.const 10 return) i32.const 21 return) i32.const 34 return) i32.const 47 return)
      i32.const 58 return) i32.const 69)))";

struct Section {
    std::uint64_t address;
    std::uint64_t bytes;
};

/// The artifact as LLVM's tools see it.
class ElfView {
public:
    explicit ElfView(const std::vector<std::byte>& artifact)
        : buffer_(llvm::StringRef(reinterpret_cast<const char*>(artifact.data()), artifact.size()),
                  "artifact"),
          elf_(llvm::cantFail(llvm::object::ELF64LEObjectFile::create(buffer_))) {}

    [[nodiscard]] std::map<std::string, Section> sections() const {
        std::map<std::string, Section> result;
        for (const auto& section : elf_.sections()) {
            result[llvm::cantFail(section.getName()).str()] = {section.getAddress(),
                                                               section.getSize()};
        }
        return result;
    }
    [[nodiscard]] std::map<std::string, Section> functions() const {
        std::map<std::string, Section> result;
        for (const llvm::object::ELFSymbolRef symbol : elf_.symbols()) {
            result[llvm::cantFail(symbol.getName()).str()] = {llvm::cantFail(symbol.getAddress()),
                                                              symbol.getSize()};
        }
        return result;
    }
    [[nodiscard]] auto segments() const {
        return llvm::cantFail(elf_.getELFFile().program_headers());
    }

private:
    llvm::MemoryBufferRef buffer_;
    llvm::object::ELF64LEObjectFile elf_;
};

TEST(Artifact, HeaderDescribesItsParts) {
    const std::vector<std::byte> artifact = compile_text(kModule, {.cpu = "x86-64-v3"});
    const abi::ArtifactHeader header = header_of(artifact);
    EXPECT_EQ(header.magic, abi::kArtifactMagic);
    EXPECT_EQ(header.abi_version, abi::kAbiVersion);
    EXPECT_EQ(header.header_bytes, sizeof header);
    EXPECT_EQ(header.image_bytes, artifact.size());
    EXPECT_EQ(header.defined_functions, 3U);
    EXPECT_EQ(header.imported_functions, 3U);
    EXPECT_STREQ(header.cpu.data(), "x86-64-v3");
    EXPECT_EQ(header.text.offset % kHostPageBytes, 0U);
}

TEST(Artifact, FunctionTableAscendsAndIsAligned) {
    const std::vector<std::byte> artifact = compile_text(kModule);
    const abi::ArtifactHeader header = header_of(artifact);
    const std::vector<std::uint32_t> functions = table_of(artifact, header.functions);
    ASSERT_EQ(functions.size(), 4U);
    EXPECT_EQ(std::adjacent_find(functions.begin(), functions.end(), std::greater_equal<>()),
              functions.end());
    for (std::size_t index = 0; index + 1 < functions.size(); ++index) {
        EXPECT_EQ(functions[index] % 16, 0U);
    }
    EXPECT_LE(functions.back(), header.text.bytes);
}

TEST(Artifact, WrapsHostFunctionsThatWasmMayReach) {
    const std::vector<std::byte> artifact = compile_text(kModule);
    const abi::ArtifactHeader header = header_of(artifact);
    const std::vector<std::uint32_t> wrappers = table_of(artifact, header.wrappers);
    ASSERT_EQ(wrappers.size(), 3U);
    EXPECT_GE(wrappers[0], table_of(artifact, header.functions).back());  // in an element segment
    EXPECT_LT(wrappers[0], header.text.bytes);
    EXPECT_EQ(wrappers[1], abi::kNoWrapper);  // only called
    EXPECT_EQ(wrappers[2], abi::kNoWrapper);  // not a host function
}

TEST(Artifact, HoldsTheModuleWithoutItsCode) {
    const std::vector<std::byte> artifact = compile_text(kModule);
    const auto module = wasm::decode_module(part_of(artifact, header_of(artifact).module),
                                            {.code = wasm::DecodeOptions::Code::absent});
    ASSERT_TRUE(module.has_value()) << to_string(module.error());
    EXPECT_EQ(module->defined_functions(), 3U);
    EXPECT_EQ(module->imports.size(), 3U);
    EXPECT_NE(module->find_export("half"), nullptr);
}

TEST(Artifact, IsAnElfFileForTools) {
    const std::vector<std::byte> artifact = compile_text(kModule);
    const abi::ArtifactHeader header = header_of(artifact);
    const ElfView elf(artifact);

    const auto sections = elf.sections();
    std::vector<std::string> names;
    for (const auto& [name, section] : sections) {
        names.push_back(name);
    }
    EXPECT_THAT(names, IsSupersetOf({".wmx.header", ".wmx.module", ".wmx.functions",
                                     ".wmx.wrappers", ".wmx.pcindex", ".wmx.pcmap", ".rodata",
                                     ".text", ".symtab", ".strtab"}));
    EXPECT_EQ(sections.at(".text").address, header.text.offset);
    EXPECT_EQ(sections.at(".text").bytes, header.text.bytes);
    EXPECT_EQ(sections.at(".wmx.header").address, abi::kArtifactHeaderOffset);

    const auto functions = elf.functions();
    EXPECT_EQ(functions.at("half").address,
              header.text.offset + table_of(artifact, header.functions)[0]);
    EXPECT_EQ(functions.at("fd_close[wrapper]").address,
              header.text.offset + table_of(artifact, header.wrappers)[0]);
}

TEST(Artifact, NothingIsWritable) {
    const std::vector<std::byte> artifact = compile_text(kModule);
    const abi::ArtifactHeader header = header_of(artifact);
    std::vector<std::uint32_t> loaded;
    bool stack_is_executable = true;
    for (const auto& segment : ElfView(artifact).segments()) {
        if (segment.p_type == llvm::ELF::PT_LOAD) {
            EXPECT_EQ(segment.p_offset, segment.p_vaddr);
            EXPECT_EQ(segment.p_offset % kHostPageBytes, 0U);
            loaded.push_back(segment.p_flags);
        } else if (segment.p_type == llvm::ELF::PT_GNU_STACK) {
            stack_is_executable = (segment.p_flags & llvm::ELF::PF_X) != 0;
        }
    }
    EXPECT_THAT(loaded, ElementsAre(llvm::ELF::PF_R, llvm::ELF::PF_R | llvm::ELF::PF_X));
    EXPECT_FALSE(stack_is_executable);
    EXPECT_LE(header.rodata.offset + header.rodata.bytes, header.text.offset);
}

TEST(Artifact, NoFunctionsNoText) {
    const abi::ArtifactHeader header = header_of(compile_text("(module (memory 1))"));
    EXPECT_EQ(header.text.bytes, 0U);
    EXPECT_EQ(header.defined_functions, 0U);
}

/// The entries of a function: offsets of the code from its start, and of the module.
std::vector<std::pair<std::uint64_t, std::int64_t>> pcmap_of(const std::vector<std::byte>& artifact,
                                                             std::size_t function) {
    const abi::ArtifactHeader header = header_of(artifact);
    const std::vector<std::uint32_t> index = table_of(artifact, header.pcmap_index);
    const auto bytes = part_of(artifact, header.pcmap_entries)
                           .subspan(index[function], index[function + 1] - index[function]);
    std::vector<std::pair<std::uint64_t, std::int64_t>> entries;
    std::uint64_t pc = 0;
    std::int64_t offset = 0;
    std::size_t at = 0;
    const auto read = [&](unsigned& shift) {
        std::uint64_t value = 0;
        shift = 0;
        std::uint64_t byte = 0x80;
        while ((byte & 0x80) != 0) {
            byte = std::to_integer<std::uint64_t>(bytes[at++]);
            value |= (byte & 0x7f) << shift;
            shift += 7;
        }
        return value;
    };
    while (at < bytes.size()) {
        unsigned shift = 0;
        pc += read(shift);
        const std::uint64_t raw = read(shift);
        offset += static_cast<std::int64_t>(raw << (64 - shift)) >> (64 - shift);
        entries.emplace_back(pc, offset);
    }
    return entries;
}

TEST(Artifact, MapsTrappingCodeToTheModule) {
    constexpr std::string_view kText = R"((module
      (memory 1)
      (func (param i32) (result i32)
        local.get 0 i32.load
        local.get 0 i32.load offset=8 i32.div_u)))";
    const TextModule module(kText);
    const wasm::FunctionBody body = module->bodies[0];
    // No locals: count, then local.get 0, i32.load (3 bytes), local.get 0, i32.load, i32.div_u.
    const auto start = static_cast<std::int64_t>(body.offset);
    const std::int64_t first_load = start + 1 + 2;
    const std::int64_t second_load = first_load + 3 + 2;
    const std::int64_t division = second_load + 3;
    for (const Tier tier : kTiers) {
        const auto entries = pcmap_of(compile_text(kText, {.tier = tier}), 0);
        std::vector<std::int64_t> offsets;
        for (const auto& [pc, offset] : entries) {
            offsets.push_back(offset);
        }
        EXPECT_THAT(offsets, Contains(first_load)) << static_cast<int>(tier);
        EXPECT_THAT(offsets, Contains(second_load)) << static_cast<int>(tier);
        EXPECT_THAT(offsets, Contains(division)) << static_cast<int>(tier);
        EXPECT_EQ(entries.front().first, 0U) << "a location from the function's start on";
    }
}

}  // namespace
}  // namespace wasmax::codegen
