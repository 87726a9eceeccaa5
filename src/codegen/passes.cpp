#include "codegen/impl/passes.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>

#include "base/assert.h"

namespace wasmax::codegen {
namespace {

struct Pipeline {
    const char* passes;
    llvm::CodeGenOptLevel level;
};

/// Compilers to wasm have optimized the program; what is missing is what needs the native machine.
/// No inlining and no whole-module passes: no gain measured, and partitions stay independent.
/// Never loop-idiom: a memcpy it makes would fault outside our code.
Pipeline pipeline(Tier tier) {
    switch (tier) {
        case Tier::t0:
            return {"", llvm::CodeGenOptLevel::None};
        case Tier::t2:
            return {"function(sroa<modify-cfg>,early-cse,simplifycfg)",
                    llvm::CodeGenOptLevel::Less};
        case Tier::t3:
            return {
                "function(sroa<modify-cfg>,early-cse<memssa>,simplifycfg,"
                "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),simplifycfg,"
                "instcombine<no-verify-fixpoint>,loop(indvars),gvn,dse,simplifycfg,"
                "instcombine<no-verify-fixpoint>,loop-vectorize,slp-vectorizer,vector-combine,"
                "instcombine<no-verify-fixpoint>,loop-unroll<O2>,simplifycfg)",
                llvm::CodeGenOptLevel::Default};
    }
    return {"", llvm::CodeGenOptLevel::None};
}

void optimize(llvm::Module& module, const char* passes, llvm::TargetMachine& machine) {
    // Destroyed in the reverse order: each refers to those before it.
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder(&machine);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    llvm::ModulePassManager manager;
    const bool parsed = !llvm::errorToBool(builder.parsePassPipeline(manager, passes));
    WASMAX_ASSERT(parsed);  // a constant of ours
    manager.run(module, modules);
}

}  // namespace

Result<llvm::SmallVector<char, 0>, Error> generate_object(llvm::Module& module, Tier tier,
                                                          llvm::TargetMachine& machine) {
    const Pipeline chosen = pipeline(tier);
    machine.setOptLevel(chosen.level);
    machine.setFastISel(chosen.level == llvm::CodeGenOptLevel::None);
    if (*chosen.passes != '\0') {
        optimize(module, chosen.passes, machine);
    }
    llvm::SmallVector<char, 0> object;
    llvm::raw_svector_ostream stream(object);
    llvm::legacy::PassManager manager;
    if (machine.addPassesToEmitFile(manager, stream, nullptr, llvm::CodeGenFileType::ObjectFile)) {
        return fail(Error::internal("LLVM cannot write objects for this target"));
    }
    manager.run(module);
    return object;
}

}  // namespace wasmax::codegen
