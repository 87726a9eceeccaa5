#include <cstdint>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

#include "abi/context_layout.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

// Variable instructions. wasm: syntax-instr-variable
namespace wasmax::codegen {

FunctionEmitter::Value FunctionEmitter::local_get(wasm::LocalIndex local) {
    llvm::AllocaInst* slot = local_slot(local);
    return builder_.CreateLoad(slot->getAllocatedType(), slot);
}

void FunctionEmitter::local_set(wasm::LocalIndex local, Value value) {
    builder_.CreateStore(value, local_slot(local));
}

FunctionEmitter::Value FunctionEmitter::global_cell(wasm::GlobalIndex global) {
    const std::uint32_t offset = layout().globals[global.value];
    if (global.value < wasm().imported_globals) {
        return context_field(offset, builder_.getPtrTy(), Access::invariant);
    }
    return builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), context_, offset);
}

FunctionEmitter::Value FunctionEmitter::global_get(wasm::GlobalIndex global) {
    const wasm::GlobalType& type = wasm().global_types[global.value];
    if (!type.is_mutable && global.value >= wasm().imported_globals) {
        const wasm::ConstantExpression& initializer =
            wasm().globals[global.value - wasm().imported_globals].initializer;
        if (initializer.size() == 1) {
            switch (const wasm::ConstantInstruction& constant = initializer.front();
                    constant.opcode) {
                case wasm::Opcode::i32_const:
                    return i32_const(static_cast<std::uint32_t>(constant.bits));
                case wasm::Opcode::i64_const:
                    return i64_const(constant.bits);
                case wasm::Opcode::f32_const:
                    return f32_const(static_cast<std::uint32_t>(constant.bits));
                case wasm::Opcode::f64_const:
                    return f64_const(constant.bits);
                default:  // a reference or another global: known at instantiation only
                    break;
            }
        }
    }
    llvm::LoadInst* load = builder_.CreateAlignedLoad(this->type(type.value), global_cell(global),
                                                      llvm::Align(abi::kGlobalCellBytes));
    load->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().globals);
    if (type.is_mutable) {
        load->setVolatile(module_.plan().options.strict);
    } else {
        load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context(), {}));
    }
    return load;
}

void FunctionEmitter::global_set(wasm::GlobalIndex global, Value value) {
    keep_if_exception(wasm().global_types[global.value].value, value);
    llvm::StoreInst* store =
        builder_.CreateAlignedStore(value, global_cell(global), llvm::Align(abi::kGlobalCellBytes));
    store->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().globals);
    // An access to memory may trap, and the global's value is seen after that.
    store->setVolatile(module_.plan().options.strict);
}

}  // namespace wasmax::codegen
