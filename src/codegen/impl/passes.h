#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "base/error.h"
#include "base/result.h"
#include "codegen/compiler.h"

namespace wasmax::codegen {

/// Optimizes `module` as `tier` says and returns it as an ELF relocatable object. `machine` is set
/// to the tier's level.
[[nodiscard]] Result<llvm::SmallVector<char, 0>, Error> generate_object(
    llvm::Module& module, Tier tier, llvm::TargetMachine& machine);

}  // namespace wasmax::codegen
