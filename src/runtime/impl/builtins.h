#pragma once

#include <array>

#include "abi/builtin.h"

namespace wasmax::runtime {

/// What VmContext::builtins points to: the addresses of builtins.def's rows.
extern const std::array<const void*, abi::kBuiltinCount> kBuiltins;

}  // namespace wasmax::runtime
