#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/impl/constant_expression.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// The algorithm behind decode_module(). One object decodes one module. Members are split by topic:
/// module_decoder.cpp (order, sections as such), recursion_groups.cpp (types), type_sections.cpp
/// (what else the module declares),
/// segment_sections.cpp (elements, code, data).
class ModuleDecoder {
public:
    ModuleDecoder(ByteView bytes, const DecodeOptions& options)
        : options_(options), features_(options.features), file_(bytes, 0) {
        module_.bytes = bytes;
    }

    [[nodiscard]] Result<Module, ModuleError> decode();

private:
    using Status = Result<void, ModuleError>;
    struct SectionRow;
    static const SectionRow kSections[];

    [[nodiscard]] Status decode_header();
    [[nodiscard]] Status decode_section();
    [[nodiscard]] Status decode_known_section(std::uint8_t id, std::uint64_t offset);
    [[nodiscard]] Status check_order(const SectionRow& row, std::uint64_t offset);
    [[nodiscard]] Status check_lengths() const;

    // Each decodes the section in reader_, to its end or as far as its items go.
    Status decode_custom_section();
    Status decode_type_section();
    Status decode_import_section();
    Status decode_function_section();
    Status decode_table_section();
    Status decode_memory_section();
    Status decode_tag_section();
    Status decode_global_section();
    Status decode_export_section();
    Status decode_start_section();
    Status decode_element_section();
    Status decode_data_count_section();
    Status decode_code_section();
    Status decode_data_section();

    // Items.
    [[nodiscard]] Result<std::vector<ValueType>, ModuleError> read_types(std::uint32_t limit,
                                                                         const char* what);
    [[nodiscard]] Result<ExternType, ModuleError> read_import_type();
    Status add_import(const ExternType& type);
    [[nodiscard]] Result<TypeIndex, ModuleError> read_type_index();
    [[nodiscard]] Result<TableType, ModuleError> read_table_type();
    [[nodiscard]] Result<MemoryType, ModuleError> read_memory_type();
    [[nodiscard]] Result<GlobalType, ModuleError> read_global_type();
    [[nodiscard]] Result<TagType, ModuleError> read_tag_type();
    Status read_type_group();
    [[nodiscard]] Result<FunctionType, ModuleError> read_type();
    void canonicalize(TypeGroup group);
    [[nodiscard]] TypeScope type_scope() const { return {features_, module_.canonical_types}; }
    Status add_table_type(const TableType& type);
    Status add_memory_type(const MemoryType& type);
    [[nodiscard]] Status check_export_names() const;
    [[nodiscard]] Status read_element_kind(std::uint32_t flags, ElementSegment& segment);
    [[nodiscard]] Status read_element_items(std::uint32_t flags, ElementSegment& segment);
    [[nodiscard]] Result<ElementSegment, ModuleError> read_element_segment();
    [[nodiscard]] Result<DataSegment, ModuleError> read_data_segment();

    struct SizedLimits {
        Limits limits;
        AddressType address = AddressType::i32;
        bool shared = false;
    };
    /// `maximum` is the largest size with 32-bit addresses, `what` what has that size.
    [[nodiscard]] Result<SizedLimits, ModuleError> read_limits(std::uint64_t maximum,
                                                               const char* what);
    /// A vector's length: at most `limit`, and at most the number of bytes left, since every item
    /// has at least one. So reserving it is safe.
    [[nodiscard]] Result<std::uint32_t, ModuleError> read_count(std::uint32_t limit,
                                                                const char* what);
    /// An index below `count`.
    [[nodiscard]] Result<std::uint32_t, ModuleError> read_index(const char* what,
                                                                std::size_t count);

    [[nodiscard]] static ModuleError malformed(std::uint64_t offset, std::string message);
    [[nodiscard]] static ModuleError invalid(std::uint64_t offset, std::string message);
    [[nodiscard]] static ModuleError limit(std::uint64_t offset, const char* what,
                                           std::uint64_t maximum);

    const DecodeOptions options_;
    const Features features_;
    ByteReader file_;
    ByteReader reader_;             ///< the current section
    std::size_t next_section_ = 0;  ///< the lowest row of kSections that may still come
    Module module_;
    std::map<std::vector<std::uint64_t>, TypeIndex> type_keys_;  ///< groups by type_group_key()
    ConstantExpressionDecoder constants_{module_, features_};
};

}  // namespace wasmax::wasm
