#pragma once

#include <vector>

#include "base/result.h"
#include "codegen/compiler.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"

namespace wasmax::codegen {

/// Compiles all partitions on as many threads as the plan's options say, the largest first.
/// Returns their objects in the order of the partitions, or the error of the first that has one.
[[nodiscard]] Result<std::vector<Object>, CompileError> compile_partitions(const Plan& plan);

}  // namespace wasmax::codegen
