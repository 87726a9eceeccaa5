#pragma once

#include <llvm/Target/TargetMachine.h>

#include "base/result.h"
#include "codegen/compiler.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"

namespace wasmax::codegen {

/// Validates and compiles the functions of one partition. `machine` is the calling thread's own.
[[nodiscard]] Result<Object, CompileError> compile_partition(const Plan& plan,
                                                             const Partition& partition,
                                                             llvm::TargetMachine& machine);

}  // namespace wasmax::codegen
