#include "runtime/store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "abi/calling_convention.h"
#include "abi/type_id.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/artifact.h"
#include "runtime/exception_heap.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

/// Marks ids from the registry, as abi/type_id.h says.
constexpr abi::TypeId kRegistryBit = abi::TypeId{1} << 31;

bool in_registers(const wasm::FunctionType& type) {
    return type.results.size() <= 1 &&
           std::ranges::none_of(abi::parameter_locations(type), [](const auto& location) {
               return location.kind == abi::ValueLocation::Kind::spill;
           });
}

}  // namespace

struct Store::NativeFunction {
    abi::FuncRef ref;
    wasm::FunctionType type;
};

std::size_t Store::TypeHash::operator()(const wasm::FunctionType& type) const noexcept {
    std::size_t hash = type.results.size();
    for (const auto* values : {&type.parameters, &type.results}) {
        for (const wasm::ValueType value : *values) {
            hash = hash * 31 + static_cast<std::size_t>(value.kind());
        }
    }
    return hash;
}

Store::Store(const StoreOptions& options) : options_(options) { instances_.push_back(nullptr); }

Store::~Store() { ExceptionHeap::release(exceptions_); }

Result<Memory*, Error> Store::create_memory(const wasm::MemoryType& type) {
    std::unique_ptr<Memory> memory = TRY(Memory::create(type, options_.memory));
    const std::lock_guard lock(mutex_);
    return memories_.emplace_back(std::move(memory)).get();
}

Result<Table*, Error> Store::create_table(const wasm::TableType& type, void* initial) {
    std::unique_ptr<Table> table = TRY(Table::create(type, initial, options_.table));
    const std::lock_guard lock(mutex_);
    return tables_.emplace_back(std::move(table)).get();
}

Global* Store::create_global(const wasm::GlobalType& type, Value initial) {
    const std::lock_guard lock(mutex_);
    return globals_.emplace_back(std::make_unique<Global>(type, initial)).get();
}

Tag* Store::create_tag(const wasm::FunctionType& type, std::string name) {
    const std::lock_guard lock(mutex_);
    return tags_.emplace_back(std::make_unique<Tag>(type, std::move(name))).get();
}

void Store::add_exceptions(const std::vector<abi::Exception*>& exceptions) {
    const std::lock_guard lock(mutex_);
    exceptions_.insert(exceptions_.end(), exceptions.begin(), exceptions.end());
}

Result<Function, Error> Store::native_function(const HostFunction& function) {
    if (!in_registers(function.type)) {
        return fail(Error::unsupported("a native function of type " +
                                       wasm::to_string(function.type) +
                                       " can only be imported from a host module"));
    }
    const abi::TypeId type = TRY(type_id(function.type));
    const std::lock_guard lock(mutex_);
    const auto& native = natives_.emplace_back(std::make_unique<NativeFunction>(
        NativeFunction{{.code = function.code, .type = type, .module = 0}, function.type}));
    return Function{.ref = &native->ref, .type = &native->type};
}

Result<abi::TypeId, Error> Store::type_id(const wasm::FunctionType& type) {
    if (const auto id = abi::inline_type_id(type)) {
        return *id;
    }
    const std::lock_guard lock(mutex_);
    if (long_types_.size() >= kRegistryBit) {
        return fail(Error::limit("too many function types"));
    }
    const auto next = kRegistryBit | static_cast<abi::TypeId>(long_types_.size());
    return long_types_.try_emplace(type, next).first->second;
}

Result<Instance*, Error> Store::add(std::unique_ptr<Instance> instance) {
    const std::lock_guard lock(mutex_);
    if (instances_.size() >= kMaxInstances) {
        return fail(Error::limit("too many instances"));
    }
    instance->number_ = static_cast<std::uint32_t>(instances_.size());
    return instances_.emplace_back(std::move(instance)).get();
}

const Artifact* Store::find_code(std::uintptr_t pc) const {
    const std::lock_guard lock(mutex_);
    for (const auto& instance : instances_) {
        if (instance != nullptr) {
            const ByteView text = instance->artifact().text();
            if (pc - reinterpret_cast<std::uintptr_t>(text.data()) < text.size()) {
                return &instance->artifact();
            }
        }
    }
    return nullptr;
}

}  // namespace wasmax::runtime
