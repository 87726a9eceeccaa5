// ModuleDecoder: the type section. wasm: binary-typesec, valid-rectype

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/module_decoder.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/type_group.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

// What a type starts with. wasm: binary-comptype, binary-subtype, binary-rectype
constexpr std::uint8_t kFunctionType = 0x60;
constexpr std::uint8_t kStructType = 0x5f;
constexpr std::uint8_t kArrayType = 0x5e;
constexpr std::uint8_t kSubtype = 0x50;
constexpr std::uint8_t kFinalSubtype = 0x4f;
constexpr int kGroup = 0x4e;

/// The same type with references to the types from `from` on moved to those from `to` on.
ValueType moved(ValueType type, TypeIndex from, TypeIndex to) {
    if (!type.is_defined() || type.type_index() < from) {
        return type;
    }
    return ValueType::ref(HeapKind::defined, type.is_nullable(),
                          {type.type_index().value - from.value + to.value});
}

}  // namespace

Result<std::vector<ValueType>, ModuleError> ModuleDecoder::read_types(std::uint32_t limit,
                                                                      const char* what) {
    const std::uint32_t count = TRY(read_count(limit, what));
    std::vector<ValueType> types;
    types.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        types.push_back(TRY(read_value_type(reader_, type_scope())));
    }
    return types;
}

auto ModuleDecoder::decode_type_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxTypes, "types"));
    module_.types.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        TRY(read_type_group());
    }
    type_keys_.clear();
    return {};
}

auto ModuleDecoder::read_type_group() -> Status {
    const std::uint64_t offset = reader_.offset();
    TypeGroup group{.first = {static_cast<std::uint32_t>(module_.types.size())}};
    const bool explicit_group = reader_.peek() == kGroup;
    if (explicit_group) {
        if (!features_.has(Feature::function_references)) {
            return fail(feature_error(Feature::function_references, offset));
        }
        reader_.skip_byte();
        group.count = TRY(read_count(kMaxTypes, "types"));
    }
    if (group.count > kMaxTypes - group.first.value) {
        return fail(limit(offset, "types", kMaxTypes));
    }
    // The types of a group see each other.
    for (std::uint32_t i = 0; i < group.count; ++i) {
        module_.canonical_types.push_back({group.first.value + i});
    }
    for (std::uint32_t i = 0; i < group.count; ++i) {
        module_.types.push_back(TRY(read_type()));
        module_.type_groups.push_back(group);
    }
    canonicalize(group);
    return {};
}

Result<FunctionType, ModuleError> ModuleDecoder::read_type() {
    const std::uint64_t offset = reader_.offset();
    std::uint8_t form = TRY(reader_.byte());
    if (form == kSubtype) {
        return fail(gc_error("a type that may have subtypes", offset));
    }
    if (form == kFinalSubtype) {  // of nothing, it says no more than the type by itself
        if (TRY(reader_.u32()) != 0) {
            return fail(gc_error("a subtype of another", offset));
        }
        form = TRY(reader_.byte());
    }
    if (form == kStructType || form == kArrayType) {
        return fail(gc_error(form == kStructType ? "a struct type" : "an array type", offset));
    }
    if (form != kFunctionType) {
        return fail(malformed(offset, "malformed type: not a function type"));
    }
    FunctionType type;
    type.parameters = TRY(read_types(kMaxParameters, "parameters"));
    type.results = TRY(read_types(kMaxResults, "results"));
    if (type.results.size() > 1 && !features_.has(Feature::multi_value)) {
        return fail(feature_error(Feature::multi_value, offset));
    }
    return type;
}

/// Finds the first group equal to one that was just read. Its types then speak of that one, so that
/// equal types are equal values.
void ModuleDecoder::canonicalize(TypeGroup group) {
    const auto types = std::span(module_.types).subspan(group.first.value);
    const auto canonical = [this](TypeIndex type) {
        return module_.canonical_types[type.value].value;
    };
    const auto [entry, is_new] =
        type_keys_.try_emplace(type_group_key(types, group.first, canonical), group.first);
    if (is_new) {
        return;
    }
    const TypeIndex first = entry->second;
    for (std::uint32_t i = 0; i < group.count; ++i) {
        module_.canonical_types[group.first.value + i] = {first.value + i};
        for (auto* values : {&types[i].parameters, &types[i].results}) {
            for (ValueType& value : *values) {
                value = moved(value, group.first, first);
            }
        }
    }
}

}  // namespace wasmax::wasm
