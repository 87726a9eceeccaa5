// ModuleDecoder: the sections that say what there is, but for types: imports, functions, tables,
// memories, tags, globals, exports, start. wasm: binary-modules, valid-modules

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/module_decoder.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {

Result<TypeIndex, ModuleError> ModuleDecoder::read_type_index() {
    return TypeIndex{TRY(read_index("type", module_.types.size()))};
}

/// wasm: binary-limits, valid-limits
Result<ModuleDecoder::SizedLimits, ModuleError> ModuleDecoder::read_limits(std::uint64_t maximum,
                                                                           const char* what) {
    constexpr std::uint8_t kHasMaximum = 1;
    constexpr std::uint8_t kShared = 2;
    constexpr std::uint8_t k64 = 4;
    const std::uint64_t offset = reader_.offset();
    const std::uint8_t flags = TRY(reader_.byte());
    if (flags > (kHasMaximum | kShared | k64)) {
        return fail(malformed(offset, "malformed limits flags"));
    }
    SizedLimits sized;
    sized.shared = (flags & kShared) != 0;
    sized.address = (flags & k64) != 0 ? AddressType::i64 : AddressType::i32;
    if (sized.shared && !features_.has(Feature::threads)) {
        return fail(feature_error(Feature::threads, offset));
    }
    if (sized.address == AddressType::i64 && !features_.has(Feature::memory64)) {
        return fail(feature_error(Feature::memory64, offset));
    }
    // 64 bits for 32-bit addresses too: too large is then invalid, as the specification has it.
    sized.limits.minimum = TRY(reader_.u64());
    if ((flags & kHasMaximum) != 0) {
        sized.limits.maximum = TRY(reader_.u64());
    }
    if (sized.address == AddressType::i32 &&
        std::max(sized.limits.minimum, sized.limits.maximum.value_or(0)) > maximum) {
        return fail(invalid(
            offset, std::string(what) + " size must be at most " + std::to_string(maximum)));
    }
    if (sized.limits.maximum.has_value() && sized.limits.minimum > *sized.limits.maximum) {
        return fail(invalid(offset, "size minimum must not be greater than maximum"));
    }
    return sized;
}

/// wasm: binary-tabletype
Result<TableType, ModuleError> ModuleDecoder::read_table_type() {
    TableType type;
    type.element = TRY(read_reference_type(reader_, type_scope()));
    const std::uint64_t offset = reader_.offset();
    const SizedLimits sized = TRY(read_limits(std::numeric_limits<std::uint32_t>::max(), "table"));
    if (sized.shared) {
        return fail(malformed(offset, "malformed limits flags: a table cannot be shared"));
    }
    type.limits = sized.limits;
    type.address = sized.address;
    return type;
}

/// wasm: binary-memtype
Result<MemoryType, ModuleError> ModuleDecoder::read_memory_type() {
    const std::uint64_t offset = reader_.offset();
    const SizedLimits sized = TRY(read_limits(kMaxMemory32Pages.count, "memory"));
    constexpr std::uint64_t kMaxMemory64Pages = std::uint64_t{1} << 48;
    if (std::max(sized.limits.minimum, sized.limits.maximum.value_or(0)) > kMaxMemory64Pages) {
        return fail(invalid(offset, "memory size must be at most 2^48 pages"));
    }
    if (sized.shared && !sized.limits.maximum.has_value()) {
        return fail(invalid(offset, "shared memory must have maximum"));
    }
    return MemoryType{.limits = sized.limits, .address = sized.address, .shared = sized.shared};
}

/// wasm: binary-globaltype
Result<GlobalType, ModuleError> ModuleDecoder::read_global_type() {
    GlobalType type;
    type.value = TRY(read_value_type(reader_, type_scope()));
    const std::uint64_t offset = reader_.offset();
    const std::uint8_t mutability = TRY(reader_.byte());
    if (mutability > 1) {
        return fail(malformed(offset, "malformed mutability"));
    }
    type.is_mutable = mutability == 1;
    return type;
}

/// wasm: binary-tagtype
Result<TagType, ModuleError> ModuleDecoder::read_tag_type() {
    const std::uint64_t offset = reader_.offset();
    if (TRY(reader_.byte()) != 0) {
        return fail(malformed(offset, "malformed tag attribute"));
    }
    const TypeIndex type = TRY(read_type_index());
    if (!module_.type(type).results.empty()) {
        return fail(invalid(offset, "non-empty tag result type"));
    }
    return TagType{type};
}

Result<ExternType, ModuleError> ModuleDecoder::read_import_type() {
    const std::uint64_t offset = reader_.offset();
    const std::uint8_t kind = TRY(reader_.byte());
    if (kind > static_cast<std::uint8_t>(ExternKind::tag)) {
        return fail(malformed(offset, "malformed import kind"));
    }
    switch (static_cast<ExternKind>(kind)) {
        case ExternKind::function:
            return ExternType(TRY(read_type_index()));
        case ExternKind::table:
            return ExternType(TRY(read_table_type()));
        case ExternKind::memory:
            return ExternType(TRY(read_memory_type()));
        case ExternKind::global:
            return ExternType(TRY(read_global_type()));
        case ExternKind::tag:
            if (!features_.has(Feature::exceptions)) {
                return fail(feature_error(Feature::exceptions, offset));
            }
            return ExternType(TRY(read_tag_type()));
    }
    __builtin_unreachable();
}

auto ModuleDecoder::add_import(const ExternType& type) -> Status {
    struct Add {
        ModuleDecoder& decoder;
        Status operator()(TypeIndex function) const {
            decoder.module_.function_types.push_back(function);
            ++decoder.module_.imported_functions;
            return {};
        }
        Status operator()(const TableType& table) const {
            ++decoder.module_.imported_tables;
            return decoder.add_table_type(table);
        }
        Status operator()(const MemoryType& memory) const {
            ++decoder.module_.imported_memories;
            return decoder.add_memory_type(memory);
        }
        Status operator()(const GlobalType& global) const {
            decoder.module_.global_types.push_back(global);
            ++decoder.module_.imported_globals;
            return {};
        }
        Status operator()(TagType tag) const {
            decoder.module_.tag_types.push_back(tag);
            ++decoder.module_.imported_tags;
            return {};
        }
    };
    return std::visit(Add{*this}, type);
}

auto ModuleDecoder::decode_import_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxImports, "imports"));
    module_.imports.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string_view module_name = TRY(reader_.name());
        const std::string_view name = TRY(reader_.name());
        const ExternType type = TRY(read_import_type());
        TRY(add_import(type));
        module_.imports.push_back({.module = module_name, .name = name, .type = type});
    }
    return {};
}

auto ModuleDecoder::decode_function_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxFunctions, "functions"));
    module_.function_types.reserve(module_.function_types.size() + count);
    for (std::uint32_t i = 0; i < count; ++i) {
        module_.function_types.push_back(TRY(read_type_index()));
    }
    return {};
}

auto ModuleDecoder::add_table_type(const TableType& type) -> Status {
    if (!module_.table_types.empty() && !features_.has(Feature::reference_types)) {
        return fail(feature_error(Feature::reference_types, reader_.offset()));
    }
    module_.table_types.push_back(type);
    return {};
}

auto ModuleDecoder::add_memory_type(const MemoryType& type) -> Status {
    if (!module_.memory_types.empty() && !features_.has(Feature::multi_memory)) {
        return fail(feature_error(Feature::multi_memory, reader_.offset()));
    }
    module_.memory_types.push_back(type);
    return {};
}

/// wasm: binary-table
auto ModuleDecoder::decode_table_section() -> Status {
    constexpr int kHasInitializer = 0x40;
    const std::uint32_t count = TRY(read_count(kMaxTables, "tables"));
    module_.tables.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        Table table;
        const std::uint64_t offset = reader_.offset();
        const bool has_initializer = reader_.peek() == kHasInitializer;
        if (has_initializer) {
            TRY(reader_.byte());
            if (!features_.has(Feature::function_references)) {
                return fail(feature_error(Feature::function_references, offset));
            }
            if (TRY(reader_.byte()) != 0) {
                return fail(malformed(offset, "malformed table"));
            }
        }
        table.type = TRY(read_table_type());
        if (has_initializer) {
            table.initializer = TRY(constants_.decode(reader_, table.type.element));
        } else if (!table.type.element.is_defaultable()) {
            return fail(invalid(offset, "type mismatch: a table of " +
                                            to_string(table.type.element) +
                                            " needs an initializer"));
        }
        TRY(add_table_type(table.type));
        module_.tables.push_back(std::move(table));
    }
    return {};
}

auto ModuleDecoder::decode_memory_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxMemories, "memories"));
    for (std::uint32_t i = 0; i < count; ++i) {
        const MemoryType type = TRY(read_memory_type());
        TRY(add_memory_type(type));
    }
    return {};
}

auto ModuleDecoder::decode_tag_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxTypes, "tags"));
    for (std::uint32_t i = 0; i < count; ++i) {
        module_.tag_types.push_back(TRY(read_tag_type()));
    }
    return {};
}

auto ModuleDecoder::decode_global_section() -> Status {
    const std::uint32_t count = TRY(read_count(kMaxGlobals, "globals"));
    module_.globals.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        Global global;
        global.type = TRY(read_global_type());
        global.initializer = TRY(constants_.decode(reader_, global.type.value));
        module_.global_types.push_back(global.type);
        module_.globals.push_back(std::move(global));
    }
    return {};
}

auto ModuleDecoder::decode_export_section() -> Status {
    struct Space {
        const char* what;
        std::size_t count;
    };
    // In the order of ExternKind.
    const Space spaces[] = {{"function", module_.function_types.size()},
                            {"table", module_.table_types.size()},
                            {"memory", module_.memory_types.size()},
                            {"global", module_.global_types.size()},
                            {"tag", module_.tag_types.size()}};
    const std::uint32_t count = TRY(read_count(kMaxExports, "exports"));
    module_.exports.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string_view name = TRY(reader_.name());
        const std::uint64_t offset = reader_.offset();
        const std::uint8_t kind = TRY(reader_.byte());
        if (kind >= std::size(spaces)) {
            return fail(malformed(offset, "malformed export kind"));
        }
        const std::uint32_t index = TRY(read_index(spaces[kind].what, spaces[kind].count));
        const auto extern_kind = static_cast<ExternKind>(kind);
        if (extern_kind == ExternKind::function) {
            module_.declared_functions.push_back({index});
        }
        module_.exports.push_back({.name = name, .kind = extern_kind, .index = index});
    }
    return check_export_names();
}

auto ModuleDecoder::check_export_names() const -> Status {
    // Sorting, because the names are the guest's and could be made to collide in a hash table.
    std::vector<std::string_view> names;
    names.reserve(module_.exports.size());
    for (const Export& exported : module_.exports) {
        names.push_back(exported.name);
    }
    std::ranges::sort(names);
    const auto repeated = std::ranges::adjacent_find(names);
    if (repeated != names.end()) {
        return fail(
            invalid(reader_.offset(), "duplicate export name \"" + std::string(*repeated) + "\""));
    }
    return {};
}

auto ModuleDecoder::decode_start_section() -> Status {
    const std::uint64_t offset = reader_.offset();
    const FunctionIndex start{TRY(read_index("function", module_.function_types.size()))};
    if (module_.type_of(start) != FunctionType{}) {
        return fail(invalid(offset, "start function must have no parameters and no results, not " +
                                        to_string(module_.type_of(start))));
    }
    module_.start = start;
    return {};
}

}  // namespace wasmax::wasm
