#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/Attributes.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Metadata.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "abi/builtin.h"
#include "abi/calling_convention.h"
#include "codegen/impl/plan.h"
#include "codegen/impl/symbol_name.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// Two LLVM types of one wasm function type, which are the same in machine code. `musttail` wants
/// caller and callee to have one type, so functions that make tail calls are `normalised`: with all
/// parameter registers, whatever the wasm type uses. All direct calls to one function within an
/// LLVM module must agree on its type.
enum class Prototype : std::uint8_t { natural, normalised };

/// A function type in the wasm calling convention (abi/calling_convention.h).
struct Signature {
    llvm::FunctionType* type = nullptr;
    llvm::FunctionType* normalised = nullptr;
    std::vector<abi::ValueLocation> parameters;
    std::vector<abi::ValueLocation> results;
    bool results_in_spill = false;
};

/// What an access may touch, for alias analysis: two kinds never overlap.
struct AliasTags {
    llvm::MDNode* context = nullptr;  ///< the VmContext, without its globals, and what hangs off it
    llvm::MDNode* globals = nullptr;
    llvm::MDNode* table = nullptr;
    std::vector<llvm::MDNode*> memories;
};

/// The LLVM module of one partition: its types, attributes, metadata and declarations. Used by one
/// thread.
class ModuleEmitter {
public:
    ModuleEmitter(const Plan& plan, llvm::LLVMContext& context, const llvm::TargetMachine& machine);

    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] llvm::LLVMContext& context() { return module_->getContext(); }
    [[nodiscard]] llvm::Module& llvm_module() { return *module_; }
    [[nodiscard]] const AliasTags& tags() const { return tags_; }
    /// Of a branch whose first target is hardly ever taken.
    [[nodiscard]] llvm::MDNode* unlikely() const { return unlikely_; }

    [[nodiscard]] llvm::Type* type(wasm::ValueType type);
    /// `type` belongs to the wasm module: its address is the key of a cache.
    [[nodiscard]] const Signature& signature(const wasm::FunctionType& type);
    /// The C prototype of an imported host function, after the VmContext.
    [[nodiscard]] llvm::FunctionType* host_type(const wasm::FunctionType& type);
    [[nodiscard]] llvm::FunctionType* builtin_type(abi::Builtin builtin);

    /// Of a function with a body.
    [[nodiscard]] Prototype prototype(wasm::FunctionIndex function) const {
        return plan_.makes_tail_calls(function) ? Prototype::normalised : Prototype::natural;
    }
    /// Declares a function with a body on first use.
    [[nodiscard]] llvm::Function* function(wasm::FunctionIndex function);
    /// The wrapper of a host function; see Plan::wrapped.
    [[nodiscard]] llvm::Function* create_wrapper(wasm::FunctionIndex host);
    /// Of functions that have landing pads.
    [[nodiscard]] llvm::Function* personality();
    /// The scope of a defined function's locations.
    [[nodiscard]] llvm::DISubprogram* create_scope(llvm::Function& function,
                                                   std::uint64_t module_offset);
    /// To be called after the last function.
    void finish();

private:
    llvm::Function* create(const SymbolName& name, Prototype prototype);
    void create_tags();
    void create_attributes();

    const Plan& plan_;
    std::unique_ptr<llvm::Module> module_;
    llvm::DIBuilder debug_;
    llvm::DIFile* file_ = nullptr;
    llvm::DISubroutineType* scope_type_ = nullptr;
    llvm::AttributeList attributes_;
    AliasTags tags_;
    llvm::MDNode* unlikely_ = nullptr;
    llvm::DenseMap<const wasm::FunctionType*, std::unique_ptr<Signature>> signatures_;
    llvm::DenseMap<std::uint32_t, llvm::Function*> functions_;
};

}  // namespace wasmax::codegen
