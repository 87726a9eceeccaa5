#include <algorithm>
#include <cstddef>
#include <span>

#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>

#include "abi/trap.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/sink.h"
#include "wasm/types.h"

// Control instructions. wasm: syntax-instr-control
namespace wasmax::codegen {

void FunctionEmitter::create_target(Label& label) {
    label.block = create_block();
    for (const wasm::ValueType type : label.types) {
        label.values.push_back(llvm::PHINode::Create(this->type(type), 2, "", label.block));
    }
}

llvm::BasicBlock* FunctionEmitter::edge_to(Label& label, std::span<const Value> values) {
    if (label.block == nullptr) {
        create_target(label);
    }
    for (std::size_t index = 0; index < values.size(); ++index) {
        label.values[index]->addIncoming(values[index], builder_.GetInsertBlock());
    }
    return label.block;
}

FunctionEmitter::Value FunctionEmitter::condition(Value value) {
    Value truth = truth_of(value);
    return truth != nullptr ? truth : builder_.CreateIsNotNull(value);
}

FunctionEmitter::Label FunctionEmitter::block(const wasm::BlockSignature& signature,
                                              std::span<const Value> /*parameters*/) {
    Label label;
    label.types = signature.results;
    return label;
}

FunctionEmitter::Label FunctionEmitter::loop(const wasm::BlockSignature& signature,
                                             std::span<Value> parameters) {
    Label label;
    label.types = signature.parameters;
    builder_.CreateBr(edge_to(label, parameters));
    enter(label.block);
    std::copy(label.values.begin(), label.values.end(), parameters.begin());
    return label;
}

FunctionEmitter::Label FunctionEmitter::if_(const wasm::BlockSignature& signature, Value condition,
                                            std::span<const Value> parameters) {
    Label label;
    label.types = signature.results;
    label.otherwise = create_block();
    label.parameters.assign(parameters.begin(), parameters.end());
    llvm::BasicBlock* then = create_block();
    builder_.CreateCondBr(this->condition(condition), then, label.otherwise);
    builder_.SetInsertPoint(then);
    return label;
}

void FunctionEmitter::else_(Label& label, bool fallthrough, std::span<const Value> results,
                            std::span<Value> parameters) {
    if (fallthrough) {
        br(label, results);
    }
    enter(label.otherwise);
    std::copy(label.parameters.begin(), label.parameters.end(), parameters.begin());
}

void FunctionEmitter::end(Label& label, wasm::FrameKind kind, bool fallthrough,
                          std::span<const Value> results, std::span<Value> merged) {
    if (kind == wasm::FrameKind::loop || (kind != wasm::FrameKind::if_ && label.block == nullptr)) {
        // Only one way leads here.
        std::copy(results.begin(), results.end(), merged.begin());
        return;
    }
    if (kind == wasm::FrameKind::if_ && label.block == nullptr && label.types.empty()) {
        // The missing `else` is where execution continues.
        if (fallthrough) {
            builder_.CreateBr(label.otherwise);
        }
        enter(label.otherwise);
        return;
    }
    // The last clause of a `try` has branched in end_try().
    if (fallthrough && kind != wasm::FrameKind::catch_ && kind != wasm::FrameKind::catch_all) {
        br(label, results);
    }
    if (kind == wasm::FrameKind::if_) {
        enter(label.otherwise);
        br(label, label.parameters);
    }
    enter(label.block);
    std::copy(label.values.begin(), label.values.end(), merged.begin());
}

void FunctionEmitter::br(Label& label, std::span<const Value> values) {
    builder_.CreateBr(edge_to(label, values));
}

void FunctionEmitter::br_if(Label& label, Value condition, std::span<const Value> values) {
    branch_if(this->condition(condition), label, values);
}

void FunctionEmitter::br_on_null(Label& label, Value reference, std::span<const Value> values) {
    branch_if(builder_.CreateIsNull(reference), label, values);
}

void FunctionEmitter::br_on_non_null(Label& label, Value reference, std::span<const Value> values) {
    branch_if(builder_.CreateIsNotNull(reference), label, values);
}

void FunctionEmitter::branch_if(Value taken, Label& label, std::span<const Value> values) {
    llvm::BasicBlock* target = edge_to(label, values);
    llvm::BasicBlock* next = create_block();
    builder_.CreateCondBr(taken, target, next);
    builder_.SetInsertPoint(next);
}

void FunctionEmitter::br_table(Value index, std::span<Label* const> targets,
                               std::span<const Value> values) {
    // A phi has an entry per edge, so a label that occurs twice gets two.
    llvm::SwitchInst* table = builder_.CreateSwitch(index, edge_to(*targets.back(), values),
                                                    static_cast<unsigned>(targets.size() - 1));
    for (std::size_t target = 0; target + 1 < targets.size(); ++target) {
        table->addCase(
            llvm::ConstantInt::get(llvm::cast<llvm::IntegerType>(index->getType()), target),
            edge_to(*targets[target], values));
    }
}

void FunctionEmitter::unreachable() { emit_trap(abi::TrapCode::unreachable); }

}  // namespace wasmax::codegen
