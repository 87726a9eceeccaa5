#pragma once

#include <vector>

#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/store.h"
#include "wasm/module.h"

namespace wasmax::runtime {

/// What each import of `module` is bound to, in import order, its type checked. Functions of host
/// modules are HostFunctions; native functions given to other imports became functions of `store`.
/// wasm: exec-instantiation, match-externtype
[[nodiscard]] Result<std::vector<Extern>, InstantiateError> link(Store& store,
                                                                 const wasm::Module& module,
                                                                 Imports imports);

}  // namespace wasmax::runtime
