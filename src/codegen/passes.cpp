#include "codegen/impl/passes.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>

#include "base/assert.h"
#include "codegen/impl/scattered_stores.h"

namespace wasmax::codegen {
namespace {

struct Pipeline {
    const char* passes;
    llvm::CodeGenOptLevel level;
};

/// Compilers to wasm have optimized the program; what is missing is what needs the native machine,
/// and t2 leaves it at that: instcombine costs less than selecting what it removes, and compilers
/// to wasm unroll little. t3 optimizes anew, because with registers for values, addresses of
/// 64 bits and wide vectors other decisions are right: inner loops of few rounds are unrolled
/// before the loops around them are vectorized, and branches on known values become jumps.
/// No inlining and no whole-module passes: no gain measured, and partitions stay independent.
/// Never loop-idiom: a memcpy it makes would fault outside our code. Never tailcallelim: endless
/// recursion has to exhaust the stack, and traces show every call.
constexpr const char* kT2Passes =
    "function(sroa<modify-cfg>,early-cse,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-unroll<O2>)";

#define WASMAX_COMBINE "instcombine<no-verify-fixpoint>"
#define WASMAX_SIMPLIFY "simplifycfg<switch-range-to-icmp>"
#define WASMAX_SIMPLIFY_LATE \
    "simplifycfg<switch-range-to-icmp;hoist-common-insts;sink-common-insts>"
constexpr const char* kT3Passes =
    "function("
    // Values and branches.
    "sroa<modify-cfg>,early-cse<memssa>,jump-threading,correlated-propagation," WASMAX_SIMPLIFY
    "," WASMAX_COMBINE ",aggressive-instcombine," WASMAX_SIMPLIFY
    ",reassociate,"
    // Loops: first what does not depend on vectors.
    "loop-mssa(loop-instsimplify,loop-simplifycfg,licm<no-allowspeculation>,loop-rotate,licm,"
    "simple-loop-unswitch<nontrivial>)," WASMAX_SIMPLIFY "," WASMAX_COMBINE
    ",loop(indvars,loop-deletion),loop-unroll<O3;no-partial;no-runtime;no-peeling>,"
    // What came to light by that.
    "sroa<modify-cfg>,gvn,sccp,bdce," WASMAX_COMBINE
    ",jump-threading,correlated-propagation,adce,dse,loop-mssa(licm)," WASMAX_SIMPLIFY_LATE
    "," WASMAX_COMBINE
    ","
    // Vectors, and what is left of loops.
    "loop(loop-rotate,loop-deletion),scattered-stores,loop-vectorize,loop-load-elim," WASMAX_COMBINE
    "," WASMAX_SIMPLIFY_LATE ",slp-vectorizer,vector-combine," WASMAX_COMBINE
    ",loop-unroll<O3>,sroa<preserve-cfg>," WASMAX_COMBINE
    ",loop-mssa(licm),instsimplify,div-rem-pairs," WASMAX_SIMPLIFY_LATE ")";
#undef WASMAX_COMBINE
#undef WASMAX_SIMPLIFY
#undef WASMAX_SIMPLIFY_LATE

Pipeline pipeline(Tier tier) {
    switch (tier) {
        case Tier::t0:
            return {"", llvm::CodeGenOptLevel::None};
        case Tier::t2:
            return {kT2Passes, llvm::CodeGenOptLevel::Default};
        case Tier::t3:
            return {kT3Passes, llvm::CodeGenOptLevel::Default};
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
    builder.registerPipelineParsingCallback([](llvm::StringRef name,
                                               llvm::FunctionPassManager& manager,
                                               llvm::ArrayRef<llvm::PassBuilder::PipelineElement>) {
        if (name != "scattered-stores") {
            return false;
        }
        manager.addPass(ScatteredStoresPass());
        return true;
    });
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
