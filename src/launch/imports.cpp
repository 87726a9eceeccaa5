#include "launch/imports.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "abi/host_modules.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/store.h"
#include "wasix/import_table.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::launch {
namespace {

/// wasix: 1.6
bool is_own_memory(const wasm::Import& import) {
    return import.kind() == wasm::ExternKind::memory && import.module == "env" &&
           import.name == "memory";
}

Result<runtime::HostFunction, Error> resolve(const wasm::Module& module,
                                             const wasm::Import& import) {
    return wasix::resolve_host_import(import.module, import.name,
                                      module.type(std::get<wasm::TypeIndex>(import.type)));
}

/// Empty when the import exists.
std::string problem_of(const wasm::Module& module, const wasm::Import& import) {
    if (is_own_memory(import)) {
        return {};
    }
    if (!abi::is_host_function(import)) {
        return "unknown import \"" + std::string(import.module) + "\" \"" +
               std::string(import.name) + "\": no module of that name offers it";
    }
    const auto function = resolve(module, import);
    return function ? std::string() : function.error().message;
}

}  // namespace

Result<void, Error> check_imports(const wasm::Module& module, const std::string& name) {
    std::string problems;
    for (const wasm::Import& import : module.imports) {
        const std::string problem = problem_of(module, import);
        if (!problem.empty()) {
            problems += "\n  " + problem;
        }
    }
    if (!problems.empty()) {
        return fail(Error::invalid(name + ": the program cannot be linked:" + problems));
    }
    return {};
}

Result<std::vector<std::optional<runtime::Extern>>, Error> bind_imports(const wasm::Module& module,
                                                                        runtime::Store& store) {
    std::vector<std::optional<runtime::Extern>> bound;
    bound.reserve(module.imports.size());
    for (const wasm::Import& import : module.imports) {
        if (is_own_memory(import)) {
            bound.emplace_back(TRY(store.create_memory(std::get<wasm::MemoryType>(import.type))));
        } else {
            bound.emplace_back(TRY(resolve(module, import)));
        }
    }
    return bound;
}

}  // namespace wasmax::launch
