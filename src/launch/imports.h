#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/store.h"
#include "wasix/process.h"
#include "wasix/unknown_imports.h"
#include "wasm/module.h"

namespace wasmax::launch {

/// Whether everything `module` imports exists: system calls with the types it expects, and a memory
/// of its own (`env.memory`, wasix: 1.6). Functions that trap when they are called always exist.
/// `name` begins the message. Errors: invalid, with one line per import that does not.
[[nodiscard]] Result<void, Error> check_imports(const wasm::Module& module, const std::string& name,
                                                wasix::OnUnknownImport on_unknown);

/// What to instantiate `module` with, in the order of its imports; check_imports() accepted it.
/// A memory it imports is created in `store`. `process` says what becomes of unknown ones, and
/// keeps them. Errors: limit, host (that memory); invalid (an unknown import of an artifact).
[[nodiscard]] Result<std::vector<std::optional<runtime::Extern>>, Error> bind_imports(
    const wasm::Module& module, runtime::Store& store, wasix::Process& process);

}  // namespace wasmax::launch
