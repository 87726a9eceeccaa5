#include "codegen/impl/partition.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/module_emitter.h"
#include "codegen/impl/object.h"
#include "codegen/impl/passes.h"
#include "wasm/function_decoder.h"
#include "wasm/module.h"

namespace wasmax::codegen {
namespace {

/// Keeps LLVM's first error instead of printing it and ending the process.
class ErrorCollector final : public llvm::DiagnosticHandler {
public:
    explicit ErrorCollector(std::string& message) : message_(message) {}
    bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
        if (info.getSeverity() == llvm::DS_Error && message_.empty()) {
            llvm::raw_string_ostream stream(message_);
            llvm::DiagnosticPrinterRawOStream printer(stream);
            info.print(printer);
        }
        return true;
    }

private:
    std::string& message_;
};

Result<void, CompileError> emit_functions(const Plan& plan, const Partition& partition,
                                          ModuleEmitter& module) {
    // LLVM emits functions in the order of their declaration, which a call would make too early.
    for (std::uint32_t index = 0; index < partition.functions; ++index) {
        static_cast<void>(module.function({partition.first.value + index}));
    }
    for (std::uint32_t index = 0; index < partition.functions; ++index) {
        const wasm::FunctionIndex function{partition.first.value + index};
        FunctionEmitter emitter(module, function);
        auto decoded = wasm::decode_function(plan.module, plan.options.features, function, emitter);
        if (!decoded) {
            return fail(CompileError(std::move(decoded).error()));
        }
        emitter.finish();
    }
    if (partition.has_wrappers) {
        for (const wasm::FunctionIndex host : plan.wrapped) {
            emit_wrapper(module, host);
        }
    }
    module.finish();
    if (plan.options.verify) {
        std::string message;
        llvm::raw_string_ostream stream(message);
        if (llvm::verifyModule(module.llvm_module(), &stream)) {
            return fail(CompileError(Error::internal("invalid LLVM IR: " + message)));
        }
    }
    return {};
}

}  // namespace

Result<Object, CompileError> compile_partition(const Plan& plan, const Partition& partition,
                                               llvm::TargetMachine& machine) {
    std::string message;
    llvm::LLVMContext context;
    context.setDiscardValueNames(true);
    context.setDiagnosticHandler(std::make_unique<ErrorCollector>(message));
    ModuleEmitter module(plan, context, machine);
    TRY(emit_functions(plan, partition, module));
    const Tier tier = partition.optimized ? plan.options.tier : Tier::t0;
    auto elf = generate_object(module.llvm_module(), tier, machine);
    if (!elf) {
        return fail(CompileError(std::move(elf).error()));
    }
    if (!message.empty()) {
        return fail(CompileError(Error::internal("LLVM: " + message)));
    }
    auto object = read_object(std::as_bytes(std::span(elf->data(), elf->size())));
    if (!object) {
        return fail(CompileError(std::move(object).error()));
    }
    return std::move(*object);
}

}  // namespace wasmax::codegen
