#include <cstddef>
#include <cstdint>
#include <span>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

#include "abi/builtin.h"
#include "abi/context_layout.h"
#include "abi/host_modules.h"
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
    if (!wasm().is_imported(function)) {
        emit_call(builder_, module_, module_.signature(type), type, module_.function(function),
                  context_, context_, arguments, results);
    } else if (module_.plan().is_host(function)) {
        llvm::CallInst* call = emit_host_call(builder_, module_, function, context_, arguments);
        if (!results.empty()) {
            results[0] = call;
        }
    } else {
        const std::uint64_t slot = layout().function_imports[function.value];
        Value code = context_field(slot + offsetof(abi::LinkedFunctionSlot, code),
                                   builder_.getPtrTy(), Access::mutable_);
        Value callee_context = context_field(slot + offsetof(abi::LinkedFunctionSlot, context),
                                             builder_.getPtrTy(), Access::mutable_);
        emit_call(builder_, module_, module_.signature(type), type, code, callee_context, context_,
                  arguments, results);
    }
}

void FunctionEmitter::call_indirect(wasm::TableIndex table, wasm::TypeIndex type_index,
                                    const wasm::FunctionType& type, Value index,
                                    std::span<const Value> arguments, std::span<Value> results) {
    calls_ = true;
    // No bounds check: the address space of any 32-bit index is reserved, and what is not an entry
    // faults or reads a zero type.
    Value wide_index = widened(index);
    Value entry = builder_.CreateInBoundsGEP(builder_.getInt8Ty(), table_entries(table),
                                             {builder_.CreateShl(wide_index, 4, "", true)});
    static_assert(sizeof(abi::TableEntry) == 1U << 4U);
    const auto field = [&](std::uint64_t offset, llvm::Type* field_type) {
        llvm::LoadInst* load = builder_.CreateLoad(
            field_type, builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), entry, offset));
        load->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().table);
        return load;
    };
    const auto inline_id = abi::inline_type_id(type);
    Value expected = inline_id.has_value()
                         ? u32(*inline_id)
                         : context_field(layout().type_ids + type_index.value * sizeof(abi::TypeId),
                                         builder_.getInt32Ty(), Access::invariant);
    Value mismatch = builder_.CreateICmpNE(
        field(offsetof(abi::TableEntry, type), builder_.getInt32Ty()), expected);

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
    Value module = widened(field(offsetof(abi::TableEntry, module), builder_.getInt32Ty()));
    Value contexts =
        context_field(offsetof(abi::VmContext, contexts), builder_.getPtrTy(), Access::invariant);
    llvm::LoadInst* callee_context = builder_.CreateLoad(
        builder_.getPtrTy(), builder_.CreateInBoundsGEP(builder_.getPtrTy(), contexts, {module}));
    callee_context->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().context);
    Value code = field(offsetof(abi::TableEntry, code), builder_.getPtrTy());
    emit_call(builder_, module_, module_.signature(type), type, code, callee_context, context_,
              arguments, results);
}

}  // namespace wasmax::codegen
