// ModuleDecoder: element, data count, code and data sections. wasm: binary-elemsec,
// binary-datacountsec, binary-codesec, binary-datasec

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/module_decoder.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

// The bits of an element segment's first number. wasm: binary-elem
constexpr std::uint32_t kElementNotActive = 1;
constexpr std::uint32_t kElementExplicit = 2;  ///< active: with a table index; else: declarative
constexpr std::uint32_t kElementExpressions = 4;
constexpr std::uint32_t kElementFlags = 7;

// A data segment's first number. wasm: binary-data
constexpr std::uint32_t kDataActive = 0;
constexpr std::uint32_t kDataPassive = 1;
constexpr std::uint32_t kDataExplicit = 2;  ///< active, with a memory index

ValueType value_type(AddressType address) {
    return address == AddressType::i64 ? ValueType::i64 : ValueType::i32;
}

}  // namespace

auto ModuleDecoder::read_element_kind(std::uint32_t flags, ElementSegment& segment) -> Status {
    constexpr ValueType kFunctions = ValueType::funcref.non_null();
    if ((flags & (kElementNotActive | kElementExplicit)) == 0) {
        segment.type = (flags & kElementExpressions) != 0 ? ValueType::funcref : kFunctions;
        return {};
    }
    if ((flags & kElementExpressions) != 0) {
        segment.type = TRY(read_reference_type(reader_, type_scope()));
        return {};
    }
    const std::uint64_t offset = reader_.offset();
    if (TRY(reader_.byte()) != 0) {
        return fail(malformed(offset, "malformed element kind"));
    }
    segment.type = kFunctions;
    return {};
}

auto ModuleDecoder::read_element_items(std::uint32_t flags, ElementSegment& segment) -> Status {
    const std::uint32_t count = TRY(read_count(kMaxElementItems, "items"));
    if ((flags & kElementExpressions) != 0) {
        std::vector<ConstantExpression> expressions;
        expressions.reserve(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            expressions.push_back(TRY(constants_.decode(reader_, segment.type)));
        }
        segment.items = std::move(expressions);
        return {};
    }
    std::vector<FunctionIndex> functions;
    functions.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        functions.push_back({TRY(read_index("function", module_.function_types.size()))});
    }
    auto& declared = module_.declared_functions;
    declared.insert(declared.end(), functions.begin(), functions.end());
    segment.items = std::move(functions);
    return {};
}

Result<ElementSegment, ModuleError> ModuleDecoder::read_element_segment() {
    const std::uint64_t offset = reader_.offset();
    const std::uint32_t flags = TRY(reader_.u32());
    if (flags > kElementFlags) {
        return fail(malformed(offset, "malformed elements segment kind"));
    }
    if (flags != 0 && !features_.has(Feature::bulk_memory)) {
        return fail(feature_error(Feature::bulk_memory, offset));
    }
    ElementSegment segment;
    if ((flags & kElementNotActive) != 0) {
        segment.mode =
            (flags & kElementExplicit) != 0 ? SegmentMode::declarative : SegmentMode::passive;
    } else {
        segment.mode = SegmentMode::active;
        if ((flags & kElementExplicit) != 0) {
            segment.table = {TRY(read_index("table", module_.table_types.size()))};
        } else if (module_.table_types.empty()) {
            return fail(invalid(offset, "unknown table 0"));
        }
        const TableType& table = module_.table_types[segment.table.value];
        segment.offset = TRY(constants_.decode(reader_, value_type(table.address)));
    }
    TRY(read_element_kind(flags, segment));
    if (segment.mode == SegmentMode::active) {
        const ValueType element = module_.table_types[segment.table.value].element;
        if (!is_subtype(segment.type, element)) {
            return fail(invalid(offset, "type mismatch: elements of type " +
                                            to_string(segment.type) + " for a table of " +
                                            to_string(element)));
        }
    }
    TRY(read_element_items(flags, segment));
    return segment;
}

auto ModuleDecoder::decode_element_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxSegments, "element segments"));
    module_.elements.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        module_.elements.push_back(TRY(read_element_segment()));
    }
    return {};
}

auto ModuleDecoder::decode_data_count_section() -> Status {
    const std::uint64_t offset = reader_.offset();
    const std::uint32_t count = TRY(reader_.u32());
    if (count > kMaxSegments) {
        return fail(limit(offset, "data segments", kMaxSegments));
    }
    module_.data_count = count;
    return {};
}

auto ModuleDecoder::decode_code_section() -> Status {
    const std::uint64_t section_offset = reader_.offset();
    const std::uint32_t count = TRY(read_count(kMaxFunctions, "function bodies"));
    if (count != module_.defined_functions()) {
        return fail(
            malformed(section_offset, "function and code section have inconsistent lengths: " +
                                          std::to_string(module_.defined_functions()) + " and " +
                                          std::to_string(count)));
    }
    module_.bodies.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t offset = reader_.offset();
        const std::uint32_t size = TRY(reader_.u32());
        if (size > kMaxBodyBytes) {
            return fail(limit(offset, "bytes in a function body", kMaxBodyBytes));
        }
        const std::uint64_t body_offset = reader_.offset();
        module_.bodies.push_back({.offset = body_offset, .bytes = TRY(reader_.bytes(size))});
    }
    return {};
}

Result<DataSegment, ModuleError> ModuleDecoder::read_data_segment() {
    const std::uint64_t offset = reader_.offset();
    const std::uint32_t kind = TRY(reader_.u32());
    if (kind > kDataExplicit) {
        return fail(malformed(offset, "malformed data segment kind"));
    }
    if (kind != kDataActive && !features_.has(Feature::bulk_memory)) {
        return fail(feature_error(Feature::bulk_memory, offset));
    }
    DataSegment segment;
    if (kind == kDataPassive) {
        segment.mode = SegmentMode::passive;
    } else {
        segment.mode = SegmentMode::active;
        if (kind == kDataExplicit) {
            segment.memory = {TRY(read_index("memory", module_.memory_types.size()))};
        } else if (module_.memory_types.empty()) {
            return fail(invalid(offset, "unknown memory 0"));
        }
        const MemoryType& memory = module_.memory_types[segment.memory.value];
        segment.offset = TRY(constants_.decode(reader_, value_type(memory.address)));
    }
    const std::uint32_t size = TRY(reader_.u32());
    segment.bytes = TRY(reader_.bytes(size));
    return segment;
}

auto ModuleDecoder::decode_data_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxSegments, "data segments"));
    module_.data.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        module_.data.push_back(TRY(read_data_segment()));
    }
    return {};
}

}  // namespace wasmax::wasm
