#pragma once

#include "runtime/instance.h"
#include "runtime/value.h"
#include "wasm/module.h"

namespace wasmax::runtime {

/// The value of a validated constant expression, whose globals and functions `instance` already
/// has. wasm: valid-constant
[[nodiscard]] Value evaluate(const Instance& instance, const wasm::ConstantExpression& expression);

}  // namespace wasmax::runtime
