#pragma once

#include <cstdint>
#include <span>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Instructions.h>

#include "codegen/impl/module_emitter.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// Whether a field of the context keeps its value while the instance lives.
enum class Access : std::uint8_t { mutable_, invariant };

/// Loads the field of type `type` at `context + offset`.
llvm::LoadInst* context_field(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                              llvm::Value* context, std::uint64_t offset, llvm::Type* type,
                              Access access);

/// The parameters of `function` in the wasm convention, without the context, whichever prototype it
/// has. Reads spill slots, so it belongs before anything that may run other guest code.
llvm::SmallVector<llvm::Value*, 8> read_parameters(llvm::IRBuilder<>& builder,
                                                   ModuleEmitter& module,
                                                   const Signature& signature,
                                                   const wasm::FunctionType& type,
                                                   llvm::Function& function);

/// Returns `values` in the wasm convention.
void emit_return(llvm::IRBuilder<>& builder, ModuleEmitter& module, const Signature& signature,
                 llvm::Value* context, std::span<llvm::Value* const> values);

/// What a call needs to know about the callee.
struct Callee {
    llvm::Value* code;
    llvm::Value* context;
    Prototype prototype = Prototype::natural;
    llvm::BasicBlock* landing_pad = nullptr;  ///< of exceptions that leave the call; null: none
};

/// Stores `value` in slot n of the thread's spill area.
void store_spilled(llvm::IRBuilder<>& builder, ModuleEmitter& module, llvm::Value* context,
                   unsigned slot, llvm::Value* value);

/// Calls `callee` in the wasm convention; `context` is the caller's. Fills `results`. The builder
/// continues where the call returned to.
llvm::CallBase* emit_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                          const wasm::FunctionType& type, const Callee& callee,
                          llvm::Value* context, std::span<llvm::Value* const> arguments,
                          std::span<llvm::Value*> results);

/// Replaces the caller, which has Prototype::normalised, by `callee`. wasm: exec-return-call
void emit_tail_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                    const wasm::FunctionType& type, const Callee& callee, llvm::Value* context,
                    std::span<llvm::Value* const> arguments);

/// Calls the imported host function through its slot, in the C convention. The result, or null.
llvm::CallInst* emit_host_call(llvm::IRBuilder<>& builder, ModuleEmitter& module,
                               wasm::FunctionIndex function, llvm::Value* context,
                               std::span<llvm::Value* const> arguments);

/// Defines the wrapper that gives an imported host function the wasm convention.
void emit_wrapper(ModuleEmitter& module, wasm::FunctionIndex host);

}  // namespace wasmax::codegen
