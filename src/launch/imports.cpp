#include "launch/imports.h"

#include <optional>
#include <string>
#include <vector>

#include "abi/host_modules.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/store.h"
#include "wasix/import_table.h"
#include "wasix/process.h"
#include "wasix/unknown_imports.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::launch {
namespace {

/// wasix: 1.6
bool is_own_memory(const wasm::Import& import) {
    return import.kind() == wasm::ExternKind::memory && import.module == "env" &&
           import.name == "memory";
}

const wasm::FunctionType& type_of(const wasm::Module& module, const wasm::Import& import) {
    return module.type(std::get<wasm::TypeIndex>(import.type));
}

/// Errors: invalid, a sentence: nobody has it.
Result<runtime::HostFunction, Error> resolve(const wasm::Module& module,
                                             const wasm::Import& import) {
    if (!abi::is_host_function(import)) {
        return fail(Error::invalid("unknown import \"" + std::string(import.module) + "\" \"" +
                                   std::string(import.name) +
                                   "\": no module of that name offers it"));
    }
    return wasix::resolve_host_import(import.module, import.name, type_of(module, import));
}

bool may_be_unknown(const wasm::Import& import, wasix::OnUnknownImport on_unknown) {
    return on_unknown == wasix::OnUnknownImport::trap &&
           import.kind() == wasm::ExternKind::function;
}

/// Empty when the import exists.
std::string problem_of(const wasm::Module& module, const wasm::Import& import,
                       wasix::OnUnknownImport on_unknown) {
    if (is_own_memory(import) || may_be_unknown(import, on_unknown)) {
        return {};
    }
    const auto function = resolve(module, import);
    return function ? std::string() : function.error().message;
}

Result<runtime::HostFunction, Error> bind_function(const wasm::Module& module,
                                                   const wasm::Import& import,
                                                   wasix::Process& process) {
    auto function = resolve(module, import);
    if (function.has_value() || !may_be_unknown(import, process.on_unknown_import())) {
        return function;
    }
    return runtime::HostFunction{
        .code = TRY(process.unknown_imports().add(import.module, import.name)),
        .type = type_of(module, import),
        .returns = false};
}

}  // namespace

Result<void, Error> check_imports(const wasm::Module& module, const std::string& name,
                                  wasix::OnUnknownImport on_unknown) {
    std::string problems;
    for (const wasm::Import& import : module.imports) {
        const std::string problem = problem_of(module, import, on_unknown);
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
                                                                        runtime::Store& store,
                                                                        wasix::Process& process) {
    std::vector<std::optional<runtime::Extern>> bound;
    bound.reserve(module.imports.size());
    for (const wasm::Import& import : module.imports) {
        if (is_own_memory(import)) {
            bound.emplace_back(TRY(store.create_memory(std::get<wasm::MemoryType>(import.type))));
        } else {
            bound.emplace_back(TRY(bind_function(module, import, process)));
        }
    }
    return bound;
}

}  // namespace wasmax::launch
