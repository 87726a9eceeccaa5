#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"

namespace wasmax::codegen {

/// Links the objects of the plan's partitions, which are in order, to an artifact
/// (abi/artifact.h). Errors: internal, when an object refers to a function that none defines or is
/// not what the plan says; limit, when text and constants exceed 2 GiB.
[[nodiscard]] Result<std::vector<std::byte>, Error> write_artifact(const Plan& plan,
                                                                   std::span<const Object> objects);

}  // namespace wasmax::codegen
