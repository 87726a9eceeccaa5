#pragma once

#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {

/// Names the functions and offsets of a recorded trap.
[[nodiscard]] Trap describe_trap(const Store& store, const TrapRecord& record);

}  // namespace wasmax::runtime
