#include "runtime/instance.h"

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/artifact.h"
#include "runtime/extern.h"
#include "runtime/impl/instantiation.h"
#include "runtime/impl/linker.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::runtime {

Instance::Instance(Store& store, std::shared_ptr<const Artifact> artifact)
    : store_(store), artifact_(std::move(artifact)) {}

Instance::~Instance() = default;

void Instance::ContextDeleter::operator()(abi::VmContext* context) const {
    context->~VmContext();
    ::operator delete(context, std::align_val_t{alignof(abi::VmContext)});
}

Result<Instance*, InstantiateError> Instance::create(Store& store, ThreadState& thread,
                                                     std::shared_ptr<const Artifact> artifact,
                                                     Imports imports) {
    const std::vector<Extern> externs = TRY(link(store, artifact->module(), imports));
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
    std::unique_ptr<Instance> created(new Instance(store, std::move(artifact)));
    auto added = store.add(std::move(created));
    if (!added.has_value()) {
        return fail(InstantiateError(std::move(added).error()));
    }
    Instance& instance = **added;
    Instantiation instantiation(instance, thread);
    auto allocated = instantiation.allocate(externs);
    if (!allocated.has_value()) {
        return fail(InstantiateError(std::move(allocated).error()));
    }
    TRY(instantiation.initialize());
    return &instance;
}

Result<Instance*, InstantiateError> Instance::replicate(ThreadState& thread) const {
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
    std::unique_ptr<Instance> created(new Instance(store_, artifact_));
    created->number_ = number_;
    Instance& instance = thread.own(std::move(created));
    Instantiation instantiation(instance, thread);
    auto shared = instantiation.share(*this);
    if (!shared.has_value()) {
        return fail(InstantiateError(std::move(shared).error()));
    }
    TRY(instantiation.start());
    return &instance;
}

Function Instance::function(wasm::FunctionIndex index) const {
    return {.ref = functions_[index.value], .type = &module().type_of(index)};
}

std::optional<Extern> Instance::export_(std::string_view name) const {
    const wasm::Export* found = module().find_export(name);
    if (found == nullptr) {
        return std::nullopt;
    }
    switch (found->kind) {
        case wasm::ExternKind::function: {
            const Function function = this->function({found->index});
            return function.ref != nullptr
                       ? Extern(function)
                       : Extern(HostFunction{host_functions_[found->index], *function.type});
        }
        case wasm::ExternKind::table:
            return tables_[found->index];
        case wasm::ExternKind::memory:
            return memories_[found->index];
        case wasm::ExternKind::global:
            return globals_[found->index];
        case wasm::ExternKind::tag:
            return tags_[found->index];
    }
    return std::nullopt;
}

ByteView Instance::data(wasm::DataIndex index) const {
    return dropped_data_[index.value] ? ByteView{} : module().data[index.value].bytes;
}

void Instance::drop_elements(wasm::ElementIndex index) { elements_[index.value] = {}; }

std::string to_string(const InstantiateError& error) {
    return std::visit(
        []<class T>(const T& value) -> std::string {
            if constexpr (std::is_same_v<T, Error>) {
                return value.message;
            } else if constexpr (std::is_same_v<T, Left>) {
                return "native code ended the start function";
            } else {
                return to_string(value);
            }
        },
        error);
}

}  // namespace wasmax::runtime
