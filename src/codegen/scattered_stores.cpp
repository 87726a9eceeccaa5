#include "codegen/impl/scattered_stores.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Analysis.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Support/Casting.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

namespace wasmax::codegen {
namespace {

/// Whether the address advances by anything but a constant in each round of `loop`.
bool is_scattered(llvm::ScalarEvolution& evolution, llvm::Value* address, const llvm::Loop& loop) {
    return llvm::SCEVExprContains(evolution.getSCEV(address), [&](const llvm::SCEV* part) {
        if (const auto* recurrence = llvm::dyn_cast<llvm::SCEVAddRecExpr>(part)) {
            return recurrence->getLoop() == &loop &&
                   !llvm::isa<llvm::SCEVConstant>(recurrence->getStepRecurrence(evolution));
        }
        return llvm::isa<llvm::SCEVUnknown>(part) && !evolution.isLoopInvariant(part, &loop);
    });
}

bool has_scattered_store(llvm::ScalarEvolution& evolution, const llvm::Loop& loop) {
    for (llvm::BasicBlock* block : loop.blocks()) {
        for (llvm::Instruction& instruction : *block) {
            auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
            if (store != nullptr && is_scattered(evolution, store->getPointerOperand(), loop)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

llvm::PreservedAnalyses ScatteredStoresPass::run(llvm::Function& function,
                                                 llvm::FunctionAnalysisManager& analyses) {
    auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
    for (llvm::Loop* loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
        if (loop->isInnermost() && has_scattered_store(evolution, *loop)) {
            llvm::addStringMetadataToLoop(loop, "llvm.loop.vectorize.enable", 0);
        }
    }
    return llvm::PreservedAnalyses::all();
}

}  // namespace wasmax::codegen
