#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/store.h"

namespace wasmax::cli::wast {

/// A module that scripts can import from: its exports by name.
using ExportMap = std::map<std::string, runtime::Extern, std::less<>>;

/// The host module `spectest` of the specification's test suite: functions that print (here:
/// nothing), globals, a table of 10 to 20 entries and a memory of 1 to 2 pages. Owned by `store`.
/// Errors: host (no address space).
[[nodiscard]] Result<ExportMap, Error> spectest(runtime::Store& store);

}  // namespace wasmax::cli::wast
