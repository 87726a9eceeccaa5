#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "base/assert.h"
#include "base/result.h"
#include "runtime/artifact.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "unit/runtime/artifact_builder.h"

namespace wasmax::runtime {

/// What an instance exports by a name, of a kind that the test knows.
template <class Kind>
[[nodiscard]] Kind exported(const Instance& instance, std::string_view name) {
    const std::optional<Extern> found = instance.export_(name);
    WASMAX_ASSERT(found.has_value() && std::holds_alternative<Kind>(*found));
    return std::get<Kind>(*found);
}

/// A store, this thread in it, and short ways to use both. Failures of the test's own steps are
/// reported where they happen.
class World {
public:
    explicit World(const StoreOptions& options = {}, const ThreadOptions& thread_options = {})
        : store(options) {
        auto created = ThreadState::create(store, thread_options);
        EXPECT_TRUE(created.has_value()) << (created ? "" : created.error().message);
        thread = std::move(created).value();
    }

    [[nodiscard]] Result<Instance*, InstantiateError> try_instantiate(
        std::shared_ptr<const Artifact> artifact,
        const std::vector<std::optional<Extern>>& imports = {}) {
        return Instance::create(store, *thread, std::move(artifact), imports);
    }

    [[nodiscard]] Instance& instantiate(std::shared_ptr<const Artifact> artifact,
                                        const std::vector<std::optional<Extern>>& imports = {}) {
        auto created = try_instantiate(std::move(artifact), imports);
        EXPECT_TRUE(created.has_value()) << (created ? "" : to_string(created.error()));
        return **created;
    }

    [[nodiscard]] CallOutcome invoke(Instance& instance, std::string_view name,
                                     const std::vector<Value>& arguments = {}) {
        const auto function = exported<Function>(instance, name);
        results.assign(function.type->results.size(), Value{});
        return call(*thread, *function.ref, *function.type, arguments, results);
    }

    /// The first result of a call that returns.
    [[nodiscard]] Value get(Instance& instance, std::string_view name,
                            const std::vector<Value>& arguments = {}) {
        const CallOutcome outcome = invoke(instance, name, arguments);
        if (const auto* trapped = std::get_if<Trapped>(&outcome)) {
            ADD_FAILURE() << name << ": " << to_string(trapped->trap);
        }
        return results.empty() ? Value{} : results.front();
    }

    /// The trap of a call that traps.
    [[nodiscard]] Trap trap(Instance& instance, std::string_view name,
                            const std::vector<Value>& arguments = {}) {
        CallOutcome outcome = invoke(instance, name, arguments);
        if (auto* trapped = std::get_if<Trapped>(&outcome)) {
            return std::move(trapped->trap);
        }
        ADD_FAILURE() << name << " did not trap";
        return {};
    }

    Store store;
    std::unique_ptr<ThreadState> thread;
    std::vector<Value> results;  ///< of the latest invoke()
};

/// build_artifact(), mapped.
[[nodiscard]] inline std::shared_ptr<const Artifact> assemble(
    std::string_view text, const std::vector<MachineCode>& functions) {
    auto mapped = map_image(build_artifact(text, functions));
    EXPECT_TRUE(mapped.has_value()) << (mapped ? "" : mapped.error().message);
    return std::move(mapped).value();
}

template <class Entry>
[[nodiscard]] HostFunction host_function(Entry* entry, wasm::FunctionType type) {
    return {.code = reinterpret_cast<const void*>(entry), .type = std::move(type)};
}

}  // namespace wasmax::runtime
