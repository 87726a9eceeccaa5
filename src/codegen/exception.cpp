#include "abi/exception.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Attributes.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Support/Alignment.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/sink.h"
#include "wasm/types.h"

// Exceptions, in both encodings. wasm: syntax-instr-control; docs/decisions/0007
//
// A call inside a `try` is an `invoke`; the runtime's unwinder resumes at its landing pad with the
// exception. Every `try` has one pad, which is always entered: whether a clause takes the exception
// is decided by code that compares tags. What no clause takes goes on to the next handler of the
// function by a branch, or to the caller by another throw.
namespace wasmax::codegen {

unsigned FunctionEmitter::create_handler() {
    const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    builder_.SetInsertPoint(entry_, entry_->begin());
    llvm::AllocaInst* exception = builder_.CreateAlloca(builder_.getPtrTy());
    handlers_.push_back({.dispatch = create_block(), .exception = exception});
    return static_cast<unsigned>(handlers_.size() - 1);
}

llvm::BasicBlock* FunctionEmitter::landing_pad() {
    if (active_handlers_.empty()) {
        return nullptr;
    }
    Handler& handler = handlers_[active_handlers_.back()];
    if (handler.landing_pad == nullptr) {
        function_->setPersonalityFn(module_.personality());
        handler.landing_pad = create_block();
        const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
        builder_.SetInsertPoint(handler.landing_pad);
        llvm::LandingPadInst* landing = builder_.CreateLandingPad(
            llvm::StructType::get(builder_.getPtrTy(), builder_.getInt32Ty()), 1);
        landing->addClause(llvm::ConstantPointerNull::get(builder_.getPtrTy()));  // everything
        builder_.CreateStore(builder_.CreateExtractValue(landing, 0), handler.exception);
        builder_.CreateBr(handler.dispatch);
    }
    return handler.landing_pad;
}

FunctionEmitter::Value FunctionEmitter::caught(const Handler& handler) {
    return builder_.CreateLoad(builder_.getPtrTy(), handler.exception);
}

void FunctionEmitter::forward(Value exception, const Handler* handler) {
    if (handler == nullptr) {
        emit_throw(abi::Builtin::rethrow_exception, exception);
        return;
    }
    builder_.CreateStore(exception, handler->exception);
    builder_.CreateBr(handler->dispatch);
}

void FunctionEmitter::emit_throw(abi::Builtin builtin, Value argument) {
    calls_ = true;
    Value code = builtin_code(builtin);
    llvm::FunctionType* type = module_.builtin_type(builtin);
    llvm::CallBase* call = nullptr;
    if (llvm::BasicBlock* pad = landing_pad()) {
        llvm::BasicBlock* never = create_block();
        call = builder_.CreateInvoke(type, code, never, pad, {context_, argument});
        builder_.SetInsertPoint(never);
    } else {
        call = builder_.CreateCall(type, code, {context_, argument});
    }
    call->setDoesNotReturn();
    call->addFnAttr(llvm::Attribute::NoMerge);  // each keeps its own location
    builder_.CreateUnreachable();
}

FunctionEmitter::Value FunctionEmitter::has_tag(Value exception, wasm::TagIndex tag) {
    Value expected = context_field(layout().tags + tag.value * sizeof(void*), builder_.getPtrTy(),
                                   Access::invariant);
    Value actual =
        codegen::context_field(builder_, module_, exception, offsetof(abi::Exception, tag),
                               builder_.getPtrTy(), Access::mutable_);
    return builder_.CreateICmpEQ(actual, expected);
}

void FunctionEmitter::load_payload(Value exception, wasm::TagIndex tag, std::span<Value> payload) {
    const auto& types = wasm().type(wasm().tag_types[tag.value].type).parameters;
    for (std::size_t index = 0; index < payload.size(); ++index) {
        const std::uint64_t offset = sizeof(abi::Exception) + index * abi::kSpillSlotBytes;
        llvm::LoadInst* load = builder_.CreateAlignedLoad(
            type(types[index]),
            builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), exception, offset),
            llvm::Align(abi::kSpillSlotBytes));
        load->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().context);
        payload[index] = load;
    }
}

FunctionEmitter::Label FunctionEmitter::try_(const wasm::BlockSignature& signature,
                                             std::span<const Value> /*parameters*/) {
    Label label;
    label.types = signature.results;
    label.handler = create_handler();
    active_handlers_.push_back(label.handler);
    return label;
}

/// Branches to the clause's label if the exception is one for it, and continues otherwise.
void FunctionEmitter::emit_clause(const wasm::CatchClause<Label>& clause, Value exception) {
    llvm::SmallVector<Value, 4> values;
    llvm::BasicBlock* next = create_block();
    if (clause.has_tag()) {
        llvm::BasicBlock* taken = create_block();
        builder_.CreateCondBr(has_tag(exception, clause.tag), taken, next);
        builder_.SetInsertPoint(taken);
        values.resize(wasm().type(wasm().tag_types[clause.tag.value].type).parameters.size());
        load_payload(exception, clause.tag, values);
    }
    if (clause.has_reference()) {
        values.push_back(exception);
    }
    br(*clause.label, values);
    builder_.SetInsertPoint(next);  // which nothing reaches after a clause for everything
}

FunctionEmitter::Label FunctionEmitter::try_table(
    const wasm::BlockSignature& signature, std::span<const Value> /*parameters*/,
    std::span<const wasm::CatchClause<Label>> clauses) {
    Label label;
    label.types = signature.results;
    label.handler = create_handler();
    {
        const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
        const Handler& handler = handlers_[label.handler];
        builder_.SetInsertPoint(handler.dispatch);
        Value exception = caught(handler);
        for (const wasm::CatchClause<Label>& clause : clauses) {
            emit_clause(clause, exception);
        }
        forward(exception, innermost_handler());
    }
    active_handlers_.push_back(label.handler);
    return label;
}

void FunctionEmitter::begin_catch(Label& label, bool fallthrough, std::span<const Value> results) {
    if (fallthrough) {
        br(label, results);
    }
    if (label.otherwise == nullptr) {  // the first clause
        active_handlers_.pop_back();
        label.otherwise = handlers_[label.handler].dispatch;
    }
    enter(label.otherwise);
}

void FunctionEmitter::catch_(Label& label, bool fallthrough, std::span<const Value> results,
                             wasm::TagIndex tag, std::span<Value> payload) {
    begin_catch(label, fallthrough, results);
    Value exception = caught(handlers_[label.handler]);
    llvm::BasicBlock* taken = create_block();
    label.otherwise = create_block();
    builder_.CreateCondBr(has_tag(exception, tag), taken, label.otherwise);
    builder_.SetInsertPoint(taken);
    load_payload(exception, tag, payload);
}

void FunctionEmitter::catch_all(Label& label, bool fallthrough, std::span<const Value> results) {
    begin_catch(label, fallthrough, results);
}

void FunctionEmitter::delegate(Label& label, Label* target) {
    active_handlers_.pop_back();
    const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    const Handler& handler = handlers_[label.handler];
    builder_.SetInsertPoint(handler.dispatch);
    // To the caller: not by way of the handlers that we are inside of.
    const std::vector<unsigned> inside = std::exchange(active_handlers_, {});
    forward(caught(handler), target == nullptr ? nullptr : &handlers_[target->handler]);
    active_handlers_ = inside;
}

void FunctionEmitter::end_try(Label& label, wasm::FrameKind kind, bool fallthrough,
                              std::span<const Value> results) {
    const Handler& handler = handlers_[label.handler];
    if (kind == wasm::FrameKind::try_table) {
        active_handlers_.pop_back();
    } else if (kind == wasm::FrameKind::try_) {  // without clauses
        active_handlers_.pop_back();
        const llvm::IRBuilderBase::InsertPointGuard guard(builder_);
        builder_.SetInsertPoint(handler.dispatch);
        forward(caught(handler), innermost_handler());
    } else {
        if (fallthrough) {
            br(label, results);
        }
        if (kind == wasm::FrameKind::catch_) {
            enter(label.otherwise);
            forward(caught(handler), innermost_handler());
        }
    }
}

void FunctionEmitter::throw_(wasm::TagIndex tag, const wasm::FunctionType& /*type*/,
                             std::span<const Value> payload) {
    for (std::size_t index = 0; index < payload.size(); ++index) {
        store_spilled(builder_, module_, context_, static_cast<unsigned>(index), payload[index]);
    }
    emit_throw(abi::Builtin::throw_exception, u32(tag.value));
}

void FunctionEmitter::throw_ref(Value exception) {
    trap_if(builder_.CreateIsNull(exception), abi::TrapCode::null_exception);
    emit_throw(abi::Builtin::rethrow_exception, exception);
}

void FunctionEmitter::rethrow(Label& label) {
    emit_throw(abi::Builtin::rethrow_exception, caught(handlers_[label.handler]));
}

void FunctionEmitter::keep_if_exception(wasm::ValueType type, Value reference) {
    if (type.is_ref() && type.heap() == wasm::HeapKind::exn) {
        call_builtin(abi::Builtin::keep_exception, {reference});
    }
}

}  // namespace wasmax::codegen
