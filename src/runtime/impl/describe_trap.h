#pragma once

#include "abi/exception.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {

/// Names the functions and offsets of a recorded trap. `uncaught` is the latest exception, if
/// there was one.
[[nodiscard]] Trap describe_trap(const Store& store, const TrapRecord& record,
                                 const abi::Exception* uncaught);

}  // namespace wasmax::runtime
