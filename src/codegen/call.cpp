#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

#include "abi/builtin.h"
#include "abi/context_layout.h"
#include "abi/host_modules.h"
#include "abi/trap.h"
#include "abi/type_id.h"
#include "abi/vm_context.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/types.h"

// Call instructions. wasm: syntax-instr-control
namespace wasmax::codegen {

void FunctionEmitter::call(wasm::FunctionIndex function, const wasm::FunctionType& type,
                           std::span<const Value> arguments, std::span<Value> results) {
    calls_ = true;
    if (is_host(function)) {
        llvm::CallInst* call = emit_host_call(builder_, module_, function, context_, arguments);
        if (!results.empty()) {
            results[0] = call;
        }
        return;
    }
    Callee callee = direct_callee(function);
    callee.landing_pad = landing_pad();
    emit_call(builder_, module_, type, callee, context_, arguments, results);
}

void FunctionEmitter::return_call(wasm::FunctionIndex function, const wasm::FunctionType& type,
                                  std::span<const Value> arguments) {
    if (is_host(function)) {
        // Host functions take stack arguments, and run on the caller's frame at no cost.
        calls_ = true;
        const std::array<Value, 1> result{
            emit_host_call(builder_, module_, function, context_, arguments)};
        return_values(std::span(result).first(type.results.size()));
        return;
    }
    emit_tail_call(builder_, module_, type, direct_callee(function), context_, arguments);
}

bool FunctionEmitter::is_host(wasm::FunctionIndex function) const {
    return wasm().is_imported(function) && module_.plan().is_host(function);
}

Callee FunctionEmitter::direct_callee(wasm::FunctionIndex function) {
    if (!wasm().is_imported(function)) {
        return {module_.function(function), context_, module_.prototype(function)};
    }
    const std::uint64_t slot = layout().function_imports[function.value];
    return {context_field(slot + offsetof(abi::LinkedFunctionSlot, code), builder_.getPtrTy(),
                          Access::mutable_),
            context_field(slot + offsetof(abi::LinkedFunctionSlot, context), builder_.getPtrTy(),
                          Access::mutable_)};
}

void FunctionEmitter::call_indirect(wasm::TableIndex table, wasm::TypeIndex type_index,
                                    const wasm::FunctionType& type, Value index,
                                    std::span<const Value> arguments, std::span<Value> results) {
    calls_ = true;
    Callee callee = indirect_callee(table, type_index, index);
    callee.landing_pad = landing_pad();
    emit_call(builder_, module_, type, callee, context_, arguments, results);
}

void FunctionEmitter::return_call_indirect(wasm::TableIndex table, wasm::TypeIndex type_index,
                                           const wasm::FunctionType& type, Value index,
                                           std::span<const Value> arguments) {
    const Callee callee = indirect_callee(table, type_index, index);
    emit_tail_call(builder_, module_, type, callee, context_, arguments);
}

void FunctionEmitter::call_ref(const wasm::FunctionType& type, Value reference,
                               std::span<const Value> arguments, std::span<Value> results) {
    calls_ = true;
    Callee callee = referenced_callee(reference);
    callee.landing_pad = landing_pad();
    emit_call(builder_, module_, type, callee, context_, arguments, results);
}

void FunctionEmitter::return_call_ref(const wasm::FunctionType& type, Value reference,
                                      std::span<const Value> arguments) {
    const Callee callee = referenced_callee(reference);
    emit_tail_call(builder_, module_, type, callee, context_, arguments);
}

Callee FunctionEmitter::indirect_callee(wasm::TableIndex table, wasm::TypeIndex type_index,
                                        Value index) {
    // No bounds check: the address space of any 32-bit index is reserved, and what is not an entry
    // faults or reads a zero type.
    Value wide_index = widened(index);
    if (wasm().table_types[table.value].address == wasm::AddressType::i64) {
        constexpr std::uint64_t kIndices = abi::kTableReservationBytes / sizeof(abi::TableEntry);
        trap_if(builder_.CreateICmpUGE(wide_index, builder_.getInt64(kIndices)),
                abi::TrapCode::undefined_element);
    }
    Value entry = builder_.CreateInBoundsGEP(builder_.getInt8Ty(), table_entries(table),
                                             {builder_.CreateShl(wide_index, 4, "", true)});
    static_assert(sizeof(abi::TableEntry) == 1U << 4U);
    const auto inline_id = abi::inline_type_id(wasm(), type_index);
    Value expected = inline_id.has_value()
                         ? u32(*inline_id)
                         : context_field(layout().type_ids + type_index.value * sizeof(abi::TypeId),
                                         builder_.getInt32Ty(), Access::invariant);
    const bool closed = module_.plan().closed_tables[table.value];
    llvm::LoadInst* actual =
        function_field(entry, offsetof(abi::TableEntry, type), builder_.getInt32Ty());
    Value mismatch = builder_.CreateICmpNE(actual, expected);

    llvm::BasicBlock* refuse = create_block();
    llvm::BasicBlock* next = create_block();
    builder_.CreateCondBr(mismatch, refuse, next, module_.unlikely());
    builder_.SetInsertPoint(refuse);
    auto* trap = llvm::cast<llvm::CallInst>(
        call_builtin(abi::Builtin::indirect_call_trap, {u32(table.value), wide_index}));
    trap->addFnAttr(llvm::Attribute::NoMerge);  // each keeps its own location
    trap->setDoesNotReturn();
    builder_.CreateUnreachable();

    builder_.SetInsertPoint(next);
    if (!closed) {
        return callee_of(entry);
    }
    // Constant from before the module's first instruction on, and nobody else's function.
    llvm::LoadInst* code =
        function_field(entry, offsetof(abi::TableEntry, code), builder_.getPtrTy());
    for (llvm::LoadInst* load : {actual, code}) {
        load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context(), {}));
    }
    return {code, context_};
}

llvm::LoadInst* FunctionEmitter::function_field(Value function_reference, std::uint64_t offset,
                                                llvm::Type* type) {
    llvm::LoadInst* load = builder_.CreateLoad(
        type,
        builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), function_reference, offset));
    load->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().table);
    return load;
}

Callee FunctionEmitter::referenced_callee(Value reference) {
    // A fault in page zero would do, but LLVM may assume that what is loaded from is not null.
    trap_if(builder_.CreateIsNull(reference), abi::TrapCode::null_function_reference);
    return callee_of(reference);
}

Callee FunctionEmitter::callee_of(Value function_reference) {
    Value module = widened(
        function_field(function_reference, offsetof(abi::FuncRef, module), builder_.getInt32Ty()));
    Value contexts =
        context_field(offsetof(abi::VmContext, contexts), builder_.getPtrTy(), Access::invariant);
    llvm::LoadInst* callee_context = builder_.CreateLoad(
        builder_.getPtrTy(), builder_.CreateInBoundsGEP(builder_.getPtrTy(), contexts, {module}));
    callee_context->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().context);
    Value code =
        function_field(function_reference, offsetof(abi::FuncRef, code), builder_.getPtrTy());
    return {code, callee_context};
}

}  // namespace wasmax::codegen
