#include "abi/context_layout.h"

#include <cstddef>
#include <cstdint>

#include "abi/host_modules.h"
#include "abi/vm_context.h"
#include "base/units.h"
#include "wasm/module.h"

namespace wasmax::abi {
namespace {

/// Hands out consecutive pieces of the context.
class Cursor {
public:
    std::uint32_t take(std::size_t bytes, std::size_t alignment) {
        offset_ = align_up(offset_, alignment);
        const auto start = static_cast<std::uint32_t>(offset_);
        offset_ += bytes;
        return start;
    }

private:
    std::uint64_t offset_ = sizeof(VmContext);
};

}  // namespace

ContextLayout ContextLayout::of(const wasm::Module& module) {
    ContextLayout layout;
    Cursor cursor;
    layout.function_imports.reserve(module.imported_functions);
    for (const wasm::Import& import : module.imports) {
        if (import.kind() == wasm::ExternKind::function) {
            layout.function_imports.push_back(
                cursor.take(is_host_function(import) ? sizeof(void*) : sizeof(LinkedFunctionSlot),
                            alignof(void*)));
        }
    }
    layout.memories =
        cursor.take(module.memory_types.size() * sizeof(MemorySlot), alignof(MemorySlot));
    layout.tables = cursor.take(module.table_types.size() * sizeof(TableSlot), alignof(TableSlot));
    layout.globals.reserve(module.global_types.size());
    for (std::uint32_t index = 0; index < module.global_types.size(); ++index) {
        layout.globals.push_back(index < module.imported_globals
                                     ? cursor.take(sizeof(void*), alignof(void*))
                                     : cursor.take(kGlobalCellBytes, kGlobalCellBytes));
    }
    layout.tags = cursor.take(module.tag_types.size() * sizeof(void*), alignof(void*));
    layout.type_ids = cursor.take(module.types.size() * sizeof(TypeId), alignof(TypeId));
    layout.bytes = cursor.take(0, alignof(VmContext));
    return layout;
}

}  // namespace wasmax::abi
