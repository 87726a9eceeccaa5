#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Attributes.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "abi/builtin.h"
#include "abi/calling_convention.h"
#include "base/assert.h"
#include "codegen/impl/module_emitter.h"
#include "codegen/impl/plan.h"
#include "codegen/impl/symbol_name.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

// The types that builtins.def uses, and what they are to LLVM.
using nothing = void;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using ptr = void*;

llvm::Type* llvm_type(llvm::LLVMContext& context, const u32*) {
    return llvm::Type::getInt32Ty(context);
}
llvm::Type* llvm_type(llvm::LLVMContext& context, const u64*) {
    return llvm::Type::getInt64Ty(context);
}
llvm::Type* llvm_type(llvm::LLVMContext& context, const ptr*) {
    return llvm::PointerType::get(context, 0);
}
llvm::Type* llvm_type(llvm::LLVMContext& context, const nothing*) {
    return llvm::Type::getVoidTy(context);
}

template <class R, class... Parameters>
llvm::FunctionType* llvm_function_type(llvm::LLVMContext& context, R (*)(Parameters...)) {
    return llvm::FunctionType::get(llvm_type(context, static_cast<const R*>(nullptr)),
                                   {llvm::PointerType::get(context, 0),
                                    llvm_type(context, static_cast<const Parameters*>(nullptr))...},
                                   false);
}

}  // namespace

ModuleEmitter::ModuleEmitter(const Plan& plan, llvm::LLVMContext& context,
                             const llvm::TargetMachine& machine)
    : plan_(plan), module_(std::make_unique<llvm::Module>("wasm", context)), debug_(*module_) {
    module_->setTargetTriple(machine.getTargetTriple());
    module_->setDataLayout(machine.createDataLayout());
    module_->addModuleFlag(llvm::Module::Warning, "Debug Info Version",
                           llvm::DEBUG_METADATA_VERSION);
    module_->addModuleFlag(llvm::Module::Max, "Dwarf Version", 5);
    file_ = debug_.createFile("wasm", "");
    debug_.createCompileUnit(llvm::DISourceLanguageName(llvm::dwarf::DW_LANG_C), file_, "wasmax",
                             true, "", 0, "", llvm::DICompileUnit::LineTablesOnly);
    scope_type_ = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));
    create_attributes();
    create_tags();
    // A branch to a trap counts as never taken, but LLVM keeps ratios finite.
    unlikely_ = llvm::MDBuilder(context).createBranchWeights(1, 1U << 20U);
}

void ModuleEmitter::create_attributes() {
    llvm::LLVMContext& context = module_->getContext();
    llvm::AttrBuilder function(context);
    if (!plan_.unwinds) {
        function.addAttribute(llvm::Attribute::NoUnwind);
    }
    function.addAttribute("frame-pointer", "all");       // backtraces need no unwind tables
    function.addAttribute("probe-stack", "inline-asm");  // a large frame cannot jump the guard
    function.addAttribute("no-builtins");                // there is no libc to call
    function.addAttribute("target-cpu", plan_.target.cpu());
    function.addAttribute("target-features", plan_.target.features());
    // Not `noalias`: another module may write a global that this context owns.
    llvm::AttrBuilder vm_context(context);
    vm_context.addAttribute(llvm::Attribute::NonNull);
    vm_context.addAttribute(llvm::Attribute::NoUndef);
    vm_context.addAlignmentAttr(alignof(abi::VmContext));
    vm_context.addDereferenceableAttr(plan_.layout.bytes);
    attributes_ = llvm::AttributeList::get(context, llvm::AttributeSet::get(context, function), {},
                                           {llvm::AttributeSet::get(context, vm_context)});
}

void ModuleEmitter::create_tags() {
    llvm::MDBuilder metadata(module_->getContext());
    llvm::MDNode* root = metadata.createTBAARoot("wasmax");
    const auto tag = [&](const std::string& name) {
        llvm::MDNode* type = metadata.createTBAAScalarTypeNode(name, root);
        return metadata.createTBAAStructTagNode(type, type, 0);
    };
    tags_.context = tag("context");
    tags_.globals = tag("globals");
    tags_.table = tag("table");
    for (std::size_t memory = 0; memory < plan_.module.memory_types.size(); ++memory) {
        tags_.memories.push_back(tag("memory " + std::to_string(memory)));
    }
}

llvm::Type* ModuleEmitter::type(wasm::ValueType type) {
    using Kind = wasm::ValueType::Kind;
    switch (type.kind()) {
        case Kind::i32:
            return llvm::Type::getInt32Ty(context());
        case Kind::i64:
            return llvm::Type::getInt64Ty(context());
        case Kind::f32:
            return llvm::Type::getFloatTy(context());
        case Kind::f64:
            return llvm::Type::getDoubleTy(context());
        case Kind::v128:
            return llvm::FixedVectorType::get(llvm::Type::getInt64Ty(context()), 2);
        case Kind::ref:
            return llvm::PointerType::get(context(), 0);
        case Kind::bottom:
            break;
    }
    WASMAX_ASSERT(type.kind() != Kind::bottom);  // sinks see reachable code only
    return nullptr;
}

const Signature& ModuleEmitter::signature(const wasm::FunctionType& type) {
    std::unique_ptr<Signature>& cached = signatures_[&type];
    if (cached != nullptr) {
        return *cached;
    }
    auto signature = std::make_unique<Signature>();
    signature->parameters = abi::parameter_locations(type);
    signature->results = abi::result_locations(type);
    signature->results_in_spill =
        !signature->results.empty() &&
        signature->results.front().kind == abi::ValueLocation::Kind::spill;

    std::vector<llvm::Type*> parameters{llvm::PointerType::get(context(), 0)};
    for (std::size_t index = 0; index < type.parameters.size(); ++index) {
        if (signature->parameters[index].kind != abi::ValueLocation::Kind::spill) {
            parameters.push_back(this->type(type.parameters[index]));
        }
    }
    llvm::Type* result = llvm::Type::getVoidTy(context());
    if (type.results.size() == 1) {
        result = this->type(type.results[0]);
    } else if (!type.results.empty() && !signature->results_in_spill) {
        std::vector<llvm::Type*> fields;
        for (const wasm::ValueType value : type.results) {
            fields.push_back(this->type(value));
        }
        result = llvm::StructType::get(context(), fields);
    }
    signature->type = llvm::FunctionType::get(result, parameters, false);
    std::vector<llvm::Type*> all{llvm::PointerType::get(context(), 0)};
    all.insert(all.end(), abi::kParameterGprs, llvm::Type::getInt64Ty(context()));
    all.insert(all.end(), abi::kParameterXmms,
               llvm::FixedVectorType::get(llvm::Type::getFloatTy(context()), 4));
    signature->normalised = llvm::FunctionType::get(result, all, false);
    cached = std::move(signature);
    return *cached;
}

llvm::FunctionType* ModuleEmitter::host_type(const wasm::FunctionType& type) {
    WASMAX_ASSERT(type.results.size() <= 1);  // Plan::create
    std::vector<llvm::Type*> parameters{llvm::PointerType::get(context(), 0)};
    for (const wasm::ValueType value : type.parameters) {
        parameters.push_back(this->type(value));
    }
    return llvm::FunctionType::get(
        type.results.empty() ? llvm::Type::getVoidTy(context()) : this->type(type.results[0]),
        parameters, false);
}

llvm::FunctionType* ModuleEmitter::builtin_type(abi::Builtin builtin) {
    switch (builtin) {
#define BUILTIN(name, result, parameters)                 \
    case abi::Builtin::name: {                            \
        using Function = result(*) parameters;            \
        return llvm_function_type(context(), Function{}); \
    }
#include "abi/builtins.def"
    }
    return nullptr;
}

llvm::Function* ModuleEmitter::create(const SymbolName& name, Prototype prototype) {
    const Signature& signature = this->signature(plan_.module.type_of(name.function));
    llvm::Function* created = llvm::Function::Create(
        prototype == Prototype::normalised ? signature.normalised : signature.type,
        llvm::GlobalValue::ExternalLinkage, name.text(), *module_);
    created->setVisibility(llvm::GlobalValue::HiddenVisibility);
    created->setDSOLocal(true);
    created->setAttributes(attributes_);
    created->setAlignment(llvm::Align(16));
    return created;
}

llvm::Function* ModuleEmitter::function(wasm::FunctionIndex function) {
    WASMAX_ASSERT(!plan_.module.is_imported(function));
    llvm::Function*& declared = functions_[function.value];
    if (declared == nullptr) {
        declared =
            create({.kind = SymbolName::Kind::function, .function = function}, prototype(function));
    }
    return declared;
}

llvm::Function* ModuleEmitter::create_wrapper(wasm::FunctionIndex host) {
    return create({.kind = SymbolName::Kind::wrapper, .function = host}, Prototype::natural);
}

llvm::Function* ModuleEmitter::personality() {
    // LLVM knows the layout of its tables by the name. Nothing calls it: the reader of objects
    // takes the tables apart, and drops the reference to it.
    return llvm::cast<llvm::Function>(
        module_
            ->getOrInsertFunction("__gxx_personality_v0",
                                  llvm::FunctionType::get(llvm::Type::getInt32Ty(context()), true))
            .getCallee());
}

llvm::DISubprogram* ModuleEmitter::create_scope(llvm::Function& function,
                                                std::uint64_t module_offset) {
    llvm::DISubprogram* scope = debug_.createFunction(
        file_, function.getName(), "", file_, static_cast<unsigned>(module_offset), scope_type_,
        static_cast<unsigned>(module_offset), llvm::DINode::FlagZero,
        llvm::DISubprogram::SPFlagDefinition | llvm::DISubprogram::SPFlagOptimized);
    function.setSubprogram(scope);
    return scope;
}

void ModuleEmitter::finish() { debug_.finalize(); }

}  // namespace wasmax::codegen
