#include "codegen/impl/calls.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

#include "abi/calling_convention.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "codegen/impl/module_emitter.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

using Kind = abi::ValueLocation::Kind;

/// Slot n of the thread's spill area, which every context of the thread points to.
llvm::Value* spill_slot(llvm::IRBuilder<>& builder, ModuleEmitter& module, llvm::Value* context,
                        unsigned slot) {
    llvm::Value* spill = context_field(builder, module, context, offsetof(abi::VmContext, spill),
                                       builder.getPtrTy(), Access::invariant);
    return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), spill,
                                              slot * abi::kSpillSlotBytes);
}

llvm::Value* load_spilled(llvm::IRBuilder<>& builder, ModuleEmitter& module, llvm::Value* context,
                          unsigned slot, llvm::Type* type) {
    llvm::LoadInst* load = builder.CreateAlignedLoad(
        type, spill_slot(builder, module, context, slot), llvm::Align(abi::kSpillSlotBytes));
    load->setMetadata(llvm::LLVMContext::MD_tbaa, module.tags().context);
    return load;
}

// Prototype::normalised: parameter 0 is the context, then come all gprs, then all xmms.

unsigned normalised_position(abi::ValueLocation location) {
    return 1U + location.index + (location.kind == Kind::xmm ? abi::kParameterGprs : 0U);
}

/// The value as what a register holds: 64 bits of a gpr or 128 of an xmm.
llvm::Value* to_register(llvm::IRBuilder<>& builder, llvm::Value* value,
                         llvm::Type* register_type) {
    llvm::Type* type = value->getType();
    if (type->isPointerTy()) {
        return builder.CreatePtrToInt(value, register_type);
    }
    if (type->isIntegerTy()) {
        return builder.CreateZExt(value, register_type);
    }
    if (!type->isVectorTy()) {
        const unsigned lanes = 128U / type->getScalarSizeInBits();
        value = builder.CreateInsertElement(
            llvm::PoisonValue::get(llvm::FixedVectorType::get(type, lanes)), value,
            std::uint64_t{0});
    }
    return builder.CreateBitCast(value, register_type);
}

/// The reverse.
llvm::Value* from_register(llvm::IRBuilder<>& builder, llvm::Value* value, llvm::Type* type) {
    if (type->isPointerTy()) {
        return builder.CreateIntToPtr(value, type);
    }
    if (type->isIntegerTy()) {
        return builder.CreateTrunc(value, type);
    }
    if (type->isVectorTy()) {
        return builder.CreateBitCast(value, type);
    }
    const unsigned lanes = 128U / type->getScalarSizeInBits();
    return builder.CreateExtractElement(
        builder.CreateBitCast(value, llvm::FixedVectorType::get(type, lanes)), std::uint64_t{0});
}

/// The call by itself: arguments in place, results not yet taken.
llvm::CallBase* create_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                            const Signature& signature, const Callee& callee, llvm::Value* context,
                            std::span<llvm::Value* const> arguments) {
    const bool normalised = callee.prototype == Prototype::normalised;
    llvm::FunctionType* type = normalised ? signature.normalised : signature.type;
    llvm::SmallVector<llvm::Value*, 14> in_registers{callee.context};
    if (normalised) {
        for (unsigned position = 1; position < type->getNumParams(); ++position) {
            in_registers.push_back(llvm::PoisonValue::get(type->getParamType(position)));
        }
    }
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const abi::ValueLocation location = signature.parameters[index];
        if (location.kind == Kind::spill) {
            store_spilled(builder, module, context, location.index, arguments[index]);
        } else if (normalised) {
            const unsigned position = normalised_position(location);
            in_registers[position] =
                to_register(builder, arguments[index], type->getParamType(position));
        } else {
            in_registers.push_back(arguments[index]);
        }
    }
    if (callee.landing_pad != nullptr) {
        llvm::Function* caller = builder.GetInsertBlock()->getParent();
        llvm::BasicBlock* next = llvm::BasicBlock::Create(builder.getContext(), "", caller);
        llvm::CallBase* call =
            builder.CreateInvoke(type, callee.code, next, callee.landing_pad, in_registers);
        builder.SetInsertPoint(next);
        return call;
    }
    llvm::CallInst* call = builder.CreateCall(type, callee.code, in_registers);
    if (!module.plan().unwinds) {
        call->setDoesNotThrow();
    }
    return call;
}

}  // namespace

void store_spilled(llvm::IRBuilder<>& builder, ModuleEmitter& module, llvm::Value* context,
                   unsigned slot, llvm::Value* value) {
    llvm::StoreInst* store = builder.CreateAlignedStore(
        value, spill_slot(builder, module, context, slot), llvm::Align(abi::kSpillSlotBytes));
    store->setMetadata(llvm::LLVMContext::MD_tbaa, module.tags().context);
}

llvm::LoadInst* context_field(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                              llvm::Value* context, std::uint64_t offset, llvm::Type* type,
                              Access access) {
    llvm::Value* address = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), context, offset);
    llvm::LoadInst* load = builder.CreateLoad(type, address);
    load->setMetadata(llvm::LLVMContext::MD_tbaa, module.tags().context);
    if (access == Access::invariant) {
        load->setMetadata(llvm::LLVMContext::MD_invariant_load,
                          llvm::MDNode::get(builder.getContext(), {}));
    }
    return load;
}

llvm::SmallVector<llvm::Value*, 8> read_parameters(llvm::IRBuilder<>& builder,
                                                   ModuleEmitter& module,
                                                   const Signature& signature,
                                                   const wasm::FunctionType& type,
                                                   llvm::Function& function) {
    const bool normalised = function.getFunctionType() == signature.normalised;
    llvm::SmallVector<llvm::Value*, 8> values;
    llvm::Argument* next = function.getArg(0);
    for (std::size_t index = 0; index < type.parameters.size(); ++index) {
        const abi::ValueLocation location = signature.parameters[index];
        llvm::Type* value_type = module.type(type.parameters[index]);
        if (location.kind == Kind::spill) {
            values.push_back(
                load_spilled(builder, module, function.getArg(0), location.index, value_type));
        } else if (normalised) {
            values.push_back(
                from_register(builder, function.getArg(normalised_position(location)), value_type));
        } else {
            values.push_back(++next);
        }
    }
    return values;
}

void emit_return(llvm::IRBuilder<>& builder, ModuleEmitter& module, const Signature& signature,
                 llvm::Value* context, std::span<llvm::Value* const> values) {
    if (signature.results_in_spill) {
        for (std::size_t index = 0; index < values.size(); ++index) {
            store_spilled(builder, module, context, signature.results[index].index, values[index]);
        }
        builder.CreateRetVoid();
    } else if (values.empty()) {
        builder.CreateRetVoid();
    } else if (values.size() == 1) {
        builder.CreateRet(values[0]);
    } else {
        const llvm::SmallVector<llvm::Value*, 4> fields(values.begin(), values.end());
        builder.CreateAggregateRet(fields.data(), static_cast<unsigned>(fields.size()));
    }
}

llvm::CallBase* emit_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                          const wasm::FunctionType& type, const Callee& callee,
                          llvm::Value* context, std::span<llvm::Value* const> arguments,
                          std::span<llvm::Value*> results) {
    const Signature& signature = module.signature(type);
    llvm::CallBase* call = create_call(builder, module, signature, callee, context, arguments);
    for (std::size_t index = 0; index < results.size(); ++index) {
        if (signature.results_in_spill) {
            results[index] = load_spilled(builder, module, context, signature.results[index].index,
                                          module.type(type.results[index]));
        } else if (results.size() == 1) {
            results[index] = call;
        } else {
            results[index] = builder.CreateExtractValue(call, static_cast<unsigned>(index));
        }
    }
    return call;
}

void emit_tail_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                    const wasm::FunctionType& type, const Callee& callee, llvm::Value* context,
                    std::span<llvm::Value* const> arguments) {
    auto* call = llvm::cast<llvm::CallInst>(
        create_call(builder, module, module.signature(type),
                    {callee.code, callee.context, Prototype::normalised}, context, arguments));
    call->setTailCallKind(llvm::CallInst::TCK_MustTail);
    if (call->getType()->isVoidTy()) {
        builder.CreateRetVoid();
    } else {
        builder.CreateRet(call);
    }
}

llvm::CallInst* emit_host_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                               wasm::FunctionIndex function, llvm::Value* context,
                               std::span<llvm::Value* const> arguments) {
    // Not invariant: EarlyCSE would keep the address in a register across calls instead of calling
    // through memory.
    llvm::Value* code = context_field(builder, module, context,
                                      module.plan().layout.function_imports[function.value],
                                      builder.getPtrTy(), Access::mutable_);
    llvm::SmallVector<llvm::Value*, 8> all{context};
    all.append(arguments.begin(), arguments.end());
    llvm::CallInst* call =
        builder.CreateCall(module.host_type(module.plan().module.type_of(function)), code, all);
    call->setDoesNotThrow();
    return call;
}

void emit_wrapper(ModuleEmitter& module, wasm::FunctionIndex host) {
    const wasm::FunctionType& type = module.plan().module.type_of(host);
    const Signature& signature = module.signature(type);
    llvm::Function* wrapper = module.create_wrapper(host);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.context(), "", wrapper));
    llvm::Value* context = wrapper->getArg(0);
    const auto arguments = read_parameters(builder, module, signature, type, *wrapper);
    llvm::CallInst* call = emit_host_call(builder, module, host, context, arguments);
    const std::array<llvm::Value*, 1> result{call};
    emit_return(builder, module, signature, context, std::span(result).first(type.results.size()));
}

}  // namespace wasmax::codegen
