#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/units.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// One instruction of a constant expression. wasm: valid-constant
struct ConstantInstruction {
    Opcode opcode;
    std::uint64_t bits = 0;       ///< i32/i64/f32/f64 constant as its bit pattern, or an index
    std::uint64_t high_bits = 0;  ///< upper half of a v128 constant
    ValueType type;               ///< of ref.null
};

/// Without the final `end`. Validated: it leaves exactly one value of the expected type.
using ConstantExpression = std::vector<ConstantInstruction>;

/// Consecutive types that may refer to each other. A type outside of any `rec` is a group of its
/// own. wasm: syntax-rectype
struct TypeGroup {
    TypeIndex first;
    std::uint32_t count = 1;
};

struct TagType {
    TypeIndex type;
};

/// What an import asks for, or an export offers. wasm: syntax-importdesc
using ExternType = std::variant<TypeIndex, TableType, MemoryType, GlobalType, TagType>;

/// In the order of the binary format. wasm: binary-exportdesc
enum class ExternKind : std::uint8_t { function, table, memory, global, tag };

struct Import {
    std::string_view module;
    std::string_view name;
    ExternType type;
    [[nodiscard]] ExternKind kind() const { return static_cast<ExternKind>(type.index()); }
};

struct Export {
    std::string_view name;
    ExternKind kind;
    std::uint32_t index;
};

/// `bytes` are those of the code entry after its size: local declarations and instructions.
struct FunctionBody {
    std::uint64_t offset = 0;  ///< of bytes[0] from the start of the module
    ByteView bytes;
};

struct Table {
    TableType type;
    std::optional<ConstantExpression> initializer;  ///< of every entry; null references if absent
};

struct Global {
    GlobalType type;
    ConstantExpression initializer;
};

enum class SegmentMode : std::uint8_t { active, passive, declarative };

/// wasm: syntax-elem
struct ElementSegment {
    SegmentMode mode = SegmentMode::passive;
    TableIndex table;
    ConstantExpression offset;  ///< active segments only
    ValueType type = ValueType::funcref;
    /// The entries: all function indices, or (otherwise) expressions.
    std::variant<std::vector<FunctionIndex>, std::vector<ConstantExpression>> items;
    [[nodiscard]] std::uint64_t count() const;
};

/// wasm: syntax-data
struct DataSegment {
    SegmentMode mode = SegmentMode::passive;
    MemoryIndex memory;
    ConstantExpression offset;  ///< active segments only
    ByteView bytes;
};

struct CustomSection {
    std::string_view name;
    std::uint64_t offset = 0;  ///< of contents[0] from the start of the module
    ByteView contents;
};

/// A section as it stands in the binary. wasm: binary-section
struct SectionSpan {
    std::uint8_t id = 0;
    ByteView whole;  ///< id and size included
};

/// A decoded module: sections as views into the bytes it was decoded from, which must outlive it.
/// Imported items come first in every index space; the vectors named `*_types` cover imports too.
struct Module {
    ByteView bytes;
    std::vector<FunctionType> types;
    std::vector<TypeGroup> type_groups;  ///< that of each type
    /// For each type the first that is equal to it. Types are equal when their groups are, and they
    /// have the same place in them; FunctionType's operator== does not know. wasm: valid-deftype
    std::vector<TypeIndex> canonical_types;
    std::vector<Import> imports;
    std::vector<TypeIndex> function_types;  ///< every function, imported ones first
    std::vector<TableType> table_types;     ///< every table, imported ones first
    std::vector<MemoryType> memory_types;
    std::vector<GlobalType> global_types;
    std::vector<TagType> tag_types;
    std::uint32_t imported_functions = 0;
    std::uint32_t imported_tables = 0;
    std::uint32_t imported_memories = 0;
    std::uint32_t imported_globals = 0;
    std::uint32_t imported_tags = 0;

    std::vector<Table> tables;    ///< defined ones
    std::vector<Global> globals;  ///< defined ones
    std::vector<Export> exports;
    std::optional<FunctionIndex> start;
    std::vector<ElementSegment> elements;
    std::optional<std::uint32_t> data_count;
    std::vector<DataSegment> data;
    std::vector<FunctionBody> bodies;  ///< defined functions; empty when decoded without code
    std::vector<CustomSection> custom_sections;
    std::vector<SectionSpan> sections;  ///< in file order, custom ones included
    /// Functions that `ref.func` may name: those in exports, elements, and global initializers,
    /// ascending. wasm: valid-module (refs)
    std::vector<FunctionIndex> declared_functions;

    [[nodiscard]] const FunctionType& type(TypeIndex index) const { return types[index.value]; }
    /// `(ref $t)` of the function's type, which `ref.func` makes.
    [[nodiscard]] ValueType reference_to(FunctionIndex index) const {
        return ValueType::ref(HeapKind::defined, /*nullable=*/false,
                              canonical_types[function_types[index.value].value]);
    }
    [[nodiscard]] const FunctionType& type_of(FunctionIndex index) const {
        return types[function_types[index.value].value];
    }
    [[nodiscard]] bool is_imported(FunctionIndex index) const {
        return index.value < imported_functions;
    }
    /// The number of functions with a body, whether or not the bodies were decoded.
    [[nodiscard]] std::uint32_t defined_functions() const {
        return static_cast<std::uint32_t>(function_types.size()) - imported_functions;
    }
    [[nodiscard]] const Export* find_export(std::string_view name) const;
};

}  // namespace wasmax::wasm
