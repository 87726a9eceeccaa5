#include "codegen/impl/plan.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "abi/context_layout.h"
#include "abi/host_modules.h"
#include "base/error.h"
#include "base/result.h"
#include "codegen/impl/body_facts.h"
#include "codegen/impl/body_size.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

/// By imported function, whether it is a host function.
Result<std::vector<bool>, Error> find_host_imports(const wasm::Module& module) {
    std::vector<bool> hosts;
    for (const wasm::Import& import : module.imports) {
        if (import.kind() != wasm::ExternKind::function) {
            continue;
        }
        const wasm::FunctionIndex function{static_cast<std::uint32_t>(hosts.size())};
        hosts.push_back(abi::is_host_function(import));
        // The C convention of host functions has one result at most.
        if (hosts.back() && module.type_of(function).results.size() > 1) {
            return fail(Error::unsupported("the import " + std::string(import.module) + "." +
                                           std::string(import.name) +
                                           " asks for more than one result, which no host "
                                           "function has"));
        }
    }
    return hosts;
}

bool needs_wrapper(const wasm::Module& module, wasm::FunctionIndex host) {
    return std::binary_search(module.declared_functions.begin(), module.declared_functions.end(),
                              host) ||
           module.start == host;
}

/// Whether a function of another module can come in or go out by this type.
bool mentions_functions(const wasm::FunctionType& type) {
    return std::ranges::any_of(type.parameters, &wasm::ValueType::is_function_ref) ||
           std::ranges::any_of(type.results, &wasm::ValueType::is_function_ref);
}

/// An exception is thrown by the module's own code, which needs a tag, or by other wasm code that
/// it calls: through an import, a table that it shares, or a reference that it was given.
bool lets_exceptions_pass(const wasm::Module& module, wasm::Features features) {
    if (!features.has(wasm::Feature::exceptions)) {
        return false;
    }
    const auto shared = [](wasm::ExternKind kind) {
        return kind == wasm::ExternKind::table || kind == wasm::ExternKind::tag;
    };
    const auto imported_globals = std::span(module.global_types).first(module.imported_globals);
    return !module.tag_types.empty() || std::ranges::any_of(module.types, mentions_functions) ||
           std::ranges::any_of(
               imported_globals,
               [](const wasm::GlobalType& global) { return global.value.is_function_ref(); }) ||
           std::ranges::any_of(module.imports,
                               [&](const wasm::Import& import) {
                                   return shared(import.kind()) ||
                                          (import.kind() == wasm::ExternKind::function &&
                                           !abi::is_host_function(import));
                               }) ||
           std::ranges::any_of(module.exports,
                               [&](const wasm::Export& item) { return shared(item.kind); });
}

std::vector<Partition> cut(const wasm::Module& module, const std::vector<BodySize>& sizes,
                           Tier tier) {
    std::vector<Partition> partitions;
    for (std::uint32_t index = 0; index < sizes.size(); ++index) {
        const BodySize& size = sizes[index];
        const bool giant = is_giant(size, Tier::t2);
        if (partitions.empty() || giant || partitions.back().giant ||
            partitions.back().code_bytes + size.code_bytes > kPartitionBytes) {
            partitions.push_back({.first = {module.imported_functions + index},
                                  .giant = giant,
                                  .optimized = !is_giant(size, tier)});
        }
        ++partitions.back().functions;
        partitions.back().code_bytes += size.code_bytes;
    }
    return partitions;
}

}  // namespace

Result<Plan, Error> Plan::create(const wasm::Module& module, const CompileOptions& options) {
    std::vector<bool> host_imports = TRY(find_host_imports(module));
    std::vector<wasm::FunctionIndex> wrapped;
    for (std::uint32_t index = 0; index < module.imported_functions; ++index) {
        if (host_imports[index] && needs_wrapper(module, {index})) {
            wrapped.push_back({index});
        }
    }
    BodyFacts facts = find_body_facts(module, options.features);
    std::vector<Partition> partitions = cut(module, facts.sizes, options.tier);
    if (!wrapped.empty()) {
        // Behind all functions, because the artifact's function table ends where the last one does.
        if (partitions.empty()) {
            partitions.push_back({.first = {module.imported_functions}});
        }
        partitions.back().has_wrappers = true;
    }
    return Plan{.module = module,
                .options = options,
                .target = TRY(Target::create(options.cpu)),
                .layout = abi::ContextLayout::of(module),
                .host_imports = std::move(host_imports),
                .wrapped = std::move(wrapped),
                .tail_callers = std::move(facts.tail_callers),
                .closed_tables = std::move(facts.closed_tables),
                .unwinds = lets_exceptions_pass(module, options.features),
                .partitions = std::move(partitions)};
}

}  // namespace wasmax::codegen
