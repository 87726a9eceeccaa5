#include <cstddef>
#include <cstdint>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

#include "abi/builtin.h"
#include "abi/context_layout.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/types.h"

// Table instructions. wasm: syntax-instr-table
namespace wasmax::codegen {

FunctionEmitter::Value FunctionEmitter::table_entries(wasm::TableIndex table) {
    const std::uint64_t offset = table.value == 0
                                     ? offsetof(abi::VmContext, table0)
                                     : layout().tables + table.value * sizeof(abi::TableSlot) +
                                           offsetof(abi::TableSlot, entries);
    return context_field(offset, builder_.getPtrTy(), Access::invariant);
}

FunctionEmitter::Value FunctionEmitter::table_state(wasm::TableIndex table) {
    return context_field(
        layout().tables + table.value * sizeof(abi::TableSlot) + offsetof(abi::TableSlot, state),
        builder_.getPtrTy(), Access::invariant);
}

FunctionEmitter::Value FunctionEmitter::table_size(wasm::TableIndex table) {
    Value count = codegen::context_field(builder_, module_, table_state(table),
                                         offsetof(abi::TableState, count), builder_.getInt64Ty(),
                                         Access::mutable_);
    return narrowed(count, wasm().table_types[table.value].address);
}

FunctionEmitter::Value FunctionEmitter::table_get(wasm::TableIndex table, Value index) {
    Value state = table_state(table);
    Value wide_index = widened(index);
    Value count = codegen::context_field(builder_, module_, state, offsetof(abi::TableState, count),
                                         builder_.getInt64Ty(), Access::mutable_);
    trap_if(builder_.CreateICmpUGE(wide_index, count), abi::TrapCode::table_out_of_bounds);
    Value references =
        codegen::context_field(builder_, module_, state, offsetof(abi::TableState, references),
                               builder_.getPtrTy(), Access::invariant);
    llvm::LoadInst* load = builder_.CreateLoad(
        builder_.getPtrTy(),
        builder_.CreateInBoundsGEP(builder_.getPtrTy(), references, {wide_index}));
    load->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().table);
    return load;
}

void FunctionEmitter::table_set(wasm::TableIndex table, Value index, Value reference) {
    keep_if_exception(wasm().table_types[table.value].element, reference);
    call_builtin(abi::Builtin::table_set, {u32(table.value), widened(index), reference});
}

FunctionEmitter::Value FunctionEmitter::table_grow(wasm::TableIndex table, Value reference,
                                                   Value count) {
    keep_if_exception(wasm().table_types[table.value].element, reference);
    return narrowed(
        call_builtin(abi::Builtin::table_grow, {u32(table.value), reference, widened(count)}),
        wasm().table_types[table.value].address);
}

void FunctionEmitter::table_fill(wasm::TableIndex table, Value index, Value reference,
                                 Value count) {
    keep_if_exception(wasm().table_types[table.value].element, reference);
    call_builtin(abi::Builtin::table_fill,
                 {u32(table.value), widened(index), reference, widened(count)});
}

void FunctionEmitter::table_copy(wasm::TableIndex to, wasm::TableIndex from, Value to_index,
                                 Value from_index, Value count) {
    call_builtin(abi::Builtin::table_copy, {u32(to.value), u32(from.value), widened(to_index),
                                            widened(from_index), widened(count)});
}

void FunctionEmitter::table_init(wasm::TableIndex table, wasm::ElementIndex element, Value index,
                                 Value offset, Value count) {
    call_builtin(abi::Builtin::table_init, {u32(table.value), u32(element.value), widened(index),
                                            widened(offset), widened(count)});
}

void FunctionEmitter::elem_drop(wasm::ElementIndex element) {
    call_builtin(abi::Builtin::elem_drop, {u32(element.value)});
}

}  // namespace wasmax::codegen
