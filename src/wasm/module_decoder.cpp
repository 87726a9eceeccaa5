#include "wasm/impl/module_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {

struct ModuleDecoder::SectionRow {
    std::uint8_t id;
    const char* name;
    Feature feature;
    Status (ModuleDecoder::*decode)();
};

/// In the order in which they may appear. wasm: binary-module
const ModuleDecoder::SectionRow ModuleDecoder::kSections[] = {
    {1, "type section", Feature::mvp, &ModuleDecoder::decode_type_section},
    {2, "import section", Feature::mvp, &ModuleDecoder::decode_import_section},
    {3, "function section", Feature::mvp, &ModuleDecoder::decode_function_section},
    {4, "table section", Feature::mvp, &ModuleDecoder::decode_table_section},
    {5, "memory section", Feature::mvp, &ModuleDecoder::decode_memory_section},
    {13, "tag section", Feature::exceptions, &ModuleDecoder::decode_tag_section},
    {6, "global section", Feature::mvp, &ModuleDecoder::decode_global_section},
    {7, "export section", Feature::mvp, &ModuleDecoder::decode_export_section},
    {8, "start section", Feature::mvp, &ModuleDecoder::decode_start_section},
    {9, "element section", Feature::mvp, &ModuleDecoder::decode_element_section},
    {12, "data count section", Feature::bulk_memory, &ModuleDecoder::decode_data_count_section},
    {10, "code section", Feature::mvp, &ModuleDecoder::decode_code_section},
    {11, "data section", Feature::mvp, &ModuleDecoder::decode_data_section},
};

namespace {
constexpr std::uint8_t kCustomSection = 0;
}  // namespace

ModuleError ModuleDecoder::malformed(std::uint64_t offset, std::string message) {
    return {.kind = ModuleError::Kind::malformed,
            .offset = offset,
            .message = std::move(message),
            .section = {}};
}

ModuleError ModuleDecoder::invalid(std::uint64_t offset, std::string message) {
    return {.kind = ModuleError::Kind::invalid,
            .offset = offset,
            .message = std::move(message),
            .section = {}};
}

ModuleError ModuleDecoder::limit(std::uint64_t offset, const char* what, std::uint64_t maximum) {
    return {.kind = ModuleError::Kind::limit,
            .offset = offset,
            .message = std::string("too many ") + what + ": more than " + std::to_string(maximum),
            .section = {}};
}

Result<std::uint32_t, ModuleError> ModuleDecoder::read_count(std::uint32_t maximum,
                                                             const char* what) {
    const std::uint64_t offset = reader_.offset();
    const std::uint32_t count = TRY(reader_.u32());
    if (count > reader_.remaining()) {
        return fail(malformed(offset, std::string("unexpected end: ") + std::to_string(count) +
                                          " " + what + " do not fit the section"));
    }
    if (count > maximum) {
        return fail(limit(offset, what, maximum));
    }
    return count;
}

Result<std::uint32_t, ModuleError> ModuleDecoder::read_index(const char* what, std::size_t count) {
    const std::uint64_t offset = reader_.offset();
    const std::uint32_t index = TRY(reader_.u32());
    if (index >= count) {
        return fail(invalid(offset, std::string("unknown ") + what + " " + std::to_string(index)));
    }
    return index;
}

Result<Module, ModuleError> ModuleDecoder::decode() {
    if (module_.bytes.size() > kMaxModuleBytes) {
        return fail(limit(0, "bytes", kMaxModuleBytes));
    }
    TRY(decode_header());
    while (!file_.at_end()) {
        TRY(decode_section());
    }
    TRY(check_lengths());
    auto& declared = module_.declared_functions;
    std::ranges::sort(declared);
    declared.erase(std::unique(declared.begin(), declared.end()), declared.end());
    return std::move(module_);
}

auto ModuleDecoder::decode_header() -> Status {
    constexpr std::uint32_t kMagic = 0x6d73'6100;
    constexpr std::uint32_t kVersion = 1;
    if (TRY(file_.fixed32()) != kMagic) {
        return fail(malformed(0, "magic header not detected"));
    }
    if (TRY(file_.fixed32()) != kVersion) {
        return fail(malformed(4, "unknown binary version"));
    }
    return {};
}

/// wasm: binary-section
auto ModuleDecoder::decode_section() -> Status {
    const std::uint64_t offset = file_.offset();
    const std::byte* start = file_.position();
    const std::uint8_t id = TRY(file_.byte());
    const std::uint32_t size = TRY(file_.u32());
    const std::uint64_t contents_offset = file_.offset();
    if (size > file_.remaining()) {
        return fail(malformed(offset, "length out of bounds: the section goes beyond the module"));
    }
    reader_ = ByteReader(TRY(file_.bytes(size)), contents_offset);
    module_.sections.push_back({.id = id, .whole = ByteView(start, file_.position())});
    return id == kCustomSection ? decode_custom_section() : decode_known_section(id, offset);
}

auto ModuleDecoder::decode_known_section(std::uint8_t id, std::uint64_t offset) -> Status {
    const SectionRow* row = std::ranges::find(kSections, id, &SectionRow::id);
    if (row == std::end(kSections)) {
        return fail(malformed(offset, "malformed section id " + std::to_string(id)));
    }
    Status status = check_order(*row, offset);
    if (status.has_value()) {
        status = (this->*row->decode)();
    }
    if (status.has_value() && !reader_.at_end()) {
        status = fail(malformed(reader_.offset(), "section size mismatch"));
    }
    if (!status.has_value()) {
        ModuleError error = std::move(status).error();
        if (error.section.empty()) {
            error.section = row->name;
        }
        return fail(std::move(error));
    }
    return {};
}

auto ModuleDecoder::check_order(const SectionRow& row, std::uint64_t offset) -> Status {
    if (!features_.has(row.feature)) {
        return fail(feature_error(row.feature, offset));
    }
    const auto position = static_cast<std::size_t>(&row - kSections);
    if (position < next_section_) {
        return fail(
            malformed(offset, "unexpected content after last section: repeated or out of order"));
    }
    next_section_ = position + 1;
    return {};
}

auto ModuleDecoder::decode_custom_section() -> Status {
    const std::string_view name = TRY(reader_.name());
    const std::uint64_t offset = reader_.offset();
    module_.custom_sections.push_back(
        {.name = name, .offset = offset, .contents = TRY(reader_.bytes(reader_.remaining()))});
    return {};
}

auto ModuleDecoder::check_lengths() const -> Status {
    if (options_.code == DecodeOptions::Code::present &&
        module_.bodies.size() != module_.defined_functions()) {
        return fail(
            malformed(file_.offset(), "function and code section have inconsistent lengths: " +
                                          std::to_string(module_.defined_functions()) + " and " +
                                          std::to_string(module_.bodies.size())));
    }
    if (module_.data_count.has_value() && *module_.data_count != module_.data.size()) {
        return fail(
            malformed(file_.offset(), "data count and data section have inconsistent lengths: " +
                                          std::to_string(*module_.data_count) + " and " +
                                          std::to_string(module_.data.size())));
    }
    return {};
}

Result<Module, ModuleError> decode_module(ByteView bytes, const DecodeOptions& options) {
    return ModuleDecoder(bytes, options).decode();
}

std::string to_string(const ModuleError& error) {
    const auto kind = [&]() -> const char* {
        switch (error.kind) {
            case ModuleError::Kind::malformed:
                return "malformed";
            case ModuleError::Kind::invalid:
                return "invalid";
            case ModuleError::Kind::unsupported:
                return "unsupported";
            case ModuleError::Kind::limit:
                return "too large";
        }
        __builtin_unreachable();
    };
    char offset[32];
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): no formatting library in this layer.
    std::snprintf(offset, sizeof(offset), "0x%llx", static_cast<unsigned long long>(error.offset));
    const std::string section = error.section.empty() ? "" : " (" + error.section + ")";
    return std::string(kind()) + " module at offset " + offset + section + ": " + error.message;
}

}  // namespace wasmax::wasm
