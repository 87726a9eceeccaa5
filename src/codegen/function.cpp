#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/module_emitter.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::codegen {

FunctionEmitter::FunctionEmitter(ModuleEmitter& module, wasm::FunctionIndex function)
    : module_(module),
      index_(function),
      function_(module.function(function)),
      scope_(nullptr),
      builder_(module.context()),
      memory_bases_(module.plan().module.memory_types.size(), nullptr) {}

llvm::AllocaInst* FunctionEmitter::local_slot(wasm::LocalIndex local) {
    llvm::AllocaInst*& slot = locals_[local.value];
    if (slot == nullptr) {
        const std::size_t parameters = locals_.size() - local_types_.size();
        llvm::IRBuilder<> entry(entry_);
        slot = entry.CreateAlloca(type(local_types_[local.value - parameters]));
        entry.CreateStore(llvm::Constant::getNullValue(slot->getAllocatedType()), slot);
    }
    return slot;
}

FunctionEmitter::Label FunctionEmitter::begin_function(const wasm::FunctionType& type,
                                                       std::span<const wasm::ValueType> locals) {
    scope_ = module_.create_scope(*function_, body_offset());
    at(body_offset());
    signature_ = &module_.signature(type);
    context_ = function_->getArg(0);
    entry_ = create_block();
    body_ = create_block();
    builder_.SetInsertPoint(entry_);

    const auto parameters = read_parameters(builder_, module_, *signature_, type, *function_);
    for (std::size_t index = 0; index < parameters.size(); ++index) {
        locals_.push_back(builder_.CreateAlloca(this->type(type.parameters[index])));
        builder_.CreateStore(parameters[index], locals_.back());
    }
    locals_.resize(parameters.size() + locals.size());
    local_types_ = locals;
    builder_.SetInsertPoint(body_);
    Label label;
    label.types = type.results;
    return label;
}

void FunctionEmitter::end_function(Label& label, bool fallthrough, std::span<const Value> results) {
    if (label.block == nullptr) {
        return_values(results);
        return;
    }
    if (fallthrough) {
        br(label, results);
    }
    enter(label.block);
    const llvm::SmallVector<Value, 4> merged(label.values.begin(), label.values.end());
    return_values(merged);
}

void FunctionEmitter::return_values(std::span<const Value> values) {
    emit_return(builder_, module_, *signature_, context_, values);
}

/// Ends the entry block: `if (frame address < stack_limit) stack_check();` where there are calls.
/// Leaf functions cannot recurse, and the space below the limit is enough for their frames.
void FunctionEmitter::emit_stack_check() {
    builder_.SetInsertPoint(entry_);
    at(body_offset());
    if (!calls_) {
        builder_.CreateBr(body_);
        return;
    }
    Value frame = builder_.CreateIntrinsic(llvm::Intrinsic::frameaddress, {builder_.getPtrTy()},
                                           {builder_.getInt32(0)});
    // A plain load although other threads write it, because only then does it fold into the
    // comparison; nothing is derived from the value but whether to ask the runtime.
    Value limit = context_field(offsetof(abi::VmContext, stack_limit), builder_.getInt64Ty(),
                                Access::mutable_);
    llvm::BasicBlock* check = create_block();
    builder_.CreateCondBr(
        builder_.CreateICmpULT(builder_.CreatePtrToInt(frame, builder_.getInt64Ty()), limit), check,
        body_, module_.unlikely());
    builder_.SetInsertPoint(check);
    auto* call = llvm::cast<llvm::CallInst>(call_builtin(abi::Builtin::stack_check, {}));
    // As a C call it would make every function save the registers its arguments are in.
    call->setCallingConv(llvm::CallingConv::PreserveAll);
    builder_.CreateBr(body_);
}

FunctionEmitter::Value FunctionEmitter::truth_of(Value value) {
    auto* extension = llvm::dyn_cast<llvm::ZExtInst>(value);
    if (extension == nullptr || !extension->getSrcTy()->isIntegerTy(1)) {
        return nullptr;
    }
    looked_through_.insert(extension);
    return extension->getOperand(0);
}

/// FastISel makes a comparison and the branch on it one pair of instructions only if nothing else
/// uses the comparison. Not done at once: the `else` of an `if` may get the same value again.
void FunctionEmitter::erase_unused_extensions() {
    for (llvm::Instruction* extension : looked_through_) {
        if (extension->use_empty()) {
            extension->eraseFromParent();
        }
    }
}

/// Locations cost T0 a third of its time on sqlite if all keep theirs (T2 next to nothing), and
/// without passes none gets lost by a neighbour.
void FunctionEmitter::drop_needless_locations() {
    for (llvm::BasicBlock& block : *function_) {
        for (llvm::Instruction& instruction : block) {
            const llvm::Value* accessed = llvm::getLoadStorePointerOperand(&instruction);
            const bool may_trap = accessed != nullptr && !llvm::isa<llvm::AllocaInst>(accessed);
            if (!may_trap && !llvm::isa<llvm::CallBase>(instruction)) {
                instruction.setDebugLoc({});
            }
        }
    }
}

void FunctionEmitter::finish() {
    erase_unused_extensions();
    emit_stack_check();
    if (module_.plan().options.tier == Tier::t0) {
        drop_needless_locations();
    }
}

llvm::BasicBlock* FunctionEmitter::create_block() {
    return llvm::BasicBlock::Create(context(), "", function_);
}

void FunctionEmitter::enter(llvm::BasicBlock* block) {
    block->moveAfter(&function_->back());
    builder_.SetInsertPoint(block);
}

void FunctionEmitter::at(std::uint64_t offset) {
    builder_.SetCurrentDebugLocation(
        llvm::DILocation::get(context(), static_cast<unsigned>(offset), 0, scope_));
}

void FunctionEmitter::emit_trap(abi::TrapCode code) {
    auto* trap = llvm::cast<llvm::CallInst>(builder_.CreateIntrinsic(
        llvm::Intrinsic::ubsantrap, {}, {builder_.getInt8(static_cast<std::uint8_t>(code))}));
    trap->addFnAttr(llvm::Attribute::NoMerge);  // each keeps its own location
    builder_.CreateUnreachable();
}

void FunctionEmitter::trap_if(Value condition, abi::TrapCode code) {
    llvm::BasicBlock* trap = create_block();
    llvm::BasicBlock* next = create_block();
    builder_.CreateCondBr(condition, trap, next, module_.unlikely());
    builder_.SetInsertPoint(trap);
    emit_trap(code);
    builder_.SetInsertPoint(next);
}

FunctionEmitter::Value FunctionEmitter::builtin_code(abi::Builtin builtin) {
    Value table =
        context_field(offsetof(abi::VmContext, builtins), builder_.getPtrTy(), Access::invariant);
    llvm::LoadInst* code = builder_.CreateLoad(
        builder_.getPtrTy(), builder_.CreateConstInBoundsGEP1_64(
                                 builder_.getPtrTy(), table, static_cast<std::uint64_t>(builtin)));
    code->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().context);
    code->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context(), {}));
    return code;
}

FunctionEmitter::Value FunctionEmitter::call_builtin(abi::Builtin builtin,
                                                     std::initializer_list<Value> arguments) {
    calls_ = true;
    Value code = builtin_code(builtin);
    llvm::SmallVector<Value, 6> all{context_};
    all.append(arguments.begin(), arguments.end());
    llvm::CallInst* call = builder_.CreateCall(module_.builtin_type(builtin), code, all);
    call->setDoesNotThrow();
    return call;
}

FunctionEmitter::Value FunctionEmitter::widened(Value value) {
    return builder_.CreateZExt(value, builder_.getInt64Ty());
}

FunctionEmitter::Value FunctionEmitter::narrowed(Value value, wasm::AddressType address) {
    return address == wasm::AddressType::i64 ? value
                                             : builder_.CreateTrunc(value, builder_.getInt32Ty());
}

}  // namespace wasmax::codegen
