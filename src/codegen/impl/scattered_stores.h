#pragma once

#include <llvm/IR/Analysis.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/PassManager.h>

namespace wasmax::codegen {

/// Keeps the vectorizer away from innermost loops whose stores go to places that it would have to
/// take one by one: `a[i * n]`, `a[b[i]]`. It believes that to be cheap because it counts what a
/// scalar loop does to widen each 32-bit address, which x86 does for nothing.
class ScatteredStoresPass : public llvm::PassInfoMixin<ScatteredStoresPass> {
public:
    static llvm::PreservedAnalyses run(llvm::Function& function,
                                       llvm::FunctionAnalysisManager& analyses);
};

}  // namespace wasmax::codegen
