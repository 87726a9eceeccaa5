#include "unit/runtime/artifact_builder.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "abi/artifact.h"
#include "abi/elf.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/text_format.h"
#include "runtime/artifact.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::runtime {
namespace {

constexpr std::uint8_t kCodeSection = 10;
constexpr std::size_t kFunctionAlignment = 16;

void append(ByteVector& image, std::span<const std::byte> bytes) {
    image.insert(image.end(), bytes.begin(), bytes.end());
}

template <class T>
abi::ArtifactPart append_numbers(ByteVector& image, const std::vector<T>& numbers) {
    image.resize(align_up(image.size(), alignof(T)));
    const abi::ArtifactPart part{image.size(), numbers.size() * sizeof(T)};
    append(image, std::as_bytes(std::span(numbers)));
    return part;
}

Elf64_Phdr segment(std::uint64_t offset, std::uint64_t bytes, std::uint32_t flags) {
    return {.p_type = PT_LOAD,
            .p_flags = flags,
            .p_offset = offset,
            .p_vaddr = offset,
            .p_paddr = offset,
            .p_filesz = bytes,
            .p_memsz = bytes,
            .p_align = kHostPageBytes};
}

void write_elf(ByteVector& image, const abi::ArtifactHeader& header) {
    Elf64_Ehdr elf = abi::elf_file_header(ET_DYN);
    elf.e_phoff = sizeof(Elf64_Ehdr);
    elf.e_phnum = 2;
    const Elf64_Phdr segments[]{segment(0, header.text.offset, PF_R),
                                segment(header.text.offset, header.text.bytes, PF_R | PF_X)};
    std::memcpy(image.data(), &elf, sizeof(elf));
    std::memcpy(image.data() + elf.e_phoff, segments, sizeof(segments));
    std::memcpy(image.data() + abi::kArtifactHeaderOffset, &header, sizeof(header));
}

struct Code {
    ByteVector text;
    std::vector<std::uint32_t> functions;
    std::vector<std::uint32_t> pcmap_index;
    std::vector<std::uint8_t> pcmap_entries;
};

Code lay_out(std::span<const MachineCode> functions) {
    Code code;
    for (const MachineCode& function : functions) {
        code.text.resize(align_up(code.text.size(), kFunctionAlignment), std::byte{0xcc});
        code.functions.push_back(static_cast<std::uint32_t>(code.text.size()));
        code.pcmap_index.push_back(static_cast<std::uint32_t>(code.pcmap_entries.size()));
        for (std::size_t index = 0; index < function.size(); ++index) {
            code.text.push_back(static_cast<std::byte>(function[index]));
            // pc delta, then the wasm offset's: 100 takes two bytes as a signed LEB128.
            if (index == 0) {
                code.pcmap_entries.insert(code.pcmap_entries.end(), {0, 0xe4, 0});
            } else {
                code.pcmap_entries.insert(code.pcmap_entries.end(), {1, 1});
            }
        }
    }
    code.functions.push_back(static_cast<std::uint32_t>(code.text.size()));
    code.pcmap_index.push_back(static_cast<std::uint32_t>(code.pcmap_entries.size()));
    return code;
}

}  // namespace

ByteVector module_part(std::string_view text) {
    const auto binary = engine::text_to_binary(text, "test");
    if (!binary.has_value()) {
        ADD_FAILURE() << binary.error().message;
        return {};
    }
    const auto module = wasm::decode_module(*binary);
    if (!module.has_value()) {
        ADD_FAILURE() << wasm::to_string(module.error());
        return {};
    }
    constexpr std::size_t kMagicAndVersion = 8;
    ByteVector part(binary->begin(), binary->begin() + kMagicAndVersion);
    for (const wasm::SectionSpan& section : module->sections) {
        if (section.id != kCodeSection) {
            append(part, section.whole);
        }
    }
    return part;
}

ByteVector build_artifact(std::string_view text, std::span<const MachineCode> functions) {
    const ByteVector module = module_part(text);
    const auto decoded = wasm::decode_module(module, {.code = wasm::DecodeOptions::Code::absent});
    if (!decoded.has_value()) {
        ADD_FAILURE() << wasm::to_string(decoded.error());
        return {};
    }
    const Code code = lay_out(functions);
    abi::ArtifactHeader header;
    header.abi_version = abi::kAbiVersion;
    header.header_bytes = sizeof(header);
    std::memcpy(header.build.data(), "test", 4);
    std::memcpy(header.cpu.data(), "x86-64-v2", 9);
    header.defined_functions = static_cast<std::uint32_t>(functions.size());
    header.imported_functions = decoded->imported_functions;
    ByteVector image(abi::kArtifactHeaderOffset + sizeof(header));
    header.module = {image.size(), module.size()};
    append(image, module);
    header.functions = append_numbers(image, code.functions);
    header.wrappers = append_numbers(
        image, std::vector<std::uint32_t>(header.imported_functions, abi::kNoWrapper));
    header.pcmap_index = append_numbers(image, code.pcmap_index);
    header.pcmap_entries = append_numbers(image, code.pcmap_entries);
    image.resize(align_up(image.size(), kHostPageBytes));
    header.text = {image.size(), code.text.size()};
    append(image, code.text);
    header.image_bytes = image.size();
    write_elf(image, header);
    return image;
}

abi::ArtifactHeader& header_of(ByteVector& image) {
    return *reinterpret_cast<abi::ArtifactHeader*>(image.data() + abi::kArtifactHeaderOffset);
}

Result<std::shared_ptr<const Artifact>, Error> map_image(std::span<const std::byte> image,
                                                         std::string name) {
    const UniqueFd fd(memfd_create("artifact", MFD_CLOEXEC));
    EXPECT_EQ(write(fd.get(), image.data(), image.size()), static_cast<ssize_t>(image.size()));
    return Artifact::map(fd.get(), std::move(name));
}

}  // namespace wasmax::runtime
