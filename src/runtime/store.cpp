#include "runtime/store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "abi/calling_convention.h"
#include "abi/type_id.h"
#include "abi/vm_context.h"
#include "base/assert.h"
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
#include "wasm/module.h"
#include "wasm/type_group.h"
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

Store::Store(const StoreOptions& options)
    : options_(options), table_budget_(options.table.max_total) {
    instances_.push_back(nullptr);
}

Store::~Store() { ExceptionHeap::release(exceptions_); }

Result<Memory*, Error> Store::create_memory(const wasm::MemoryType& type) {
    std::unique_ptr<Memory> memory = TRY(Memory::create(type, options_.memory));
    const std::lock_guard lock(mutex_);
    return memories_.emplace_back(std::move(memory)).get();
}

Result<Table*, Error> Store::create_table(const wasm::TableType& type, void* initial,
                                          abi::TypeId referent) {
    std::unique_ptr<Table> table =
        TRY(Table::create(type, initial, options_.table.max_entries, table_budget_));
    table->set_referent(referent);
    const std::lock_guard lock(mutex_);
    return tables_.emplace_back(std::move(table)).get();
}

Global* Store::create_global(const wasm::GlobalType& type, Value initial) {
    const std::lock_guard lock(mutex_);
    return globals_.emplace_back(std::make_unique<Global>(type, initial)).get();
}

Tag* Store::create_tag(const wasm::FunctionType& type, abi::TypeId type_id, std::string name) {
    const std::lock_guard lock(mutex_);
    return tags_.emplace_back(std::make_unique<Tag>(type, type_id, std::move(name))).get();
}

void Store::add_exceptions(const std::vector<abi::Exception*>& exceptions) {
    const std::lock_guard lock(mutex_);
    exceptions_.insert(exceptions_.end(), exceptions.begin(), exceptions.end());
}

Result<Function, Error> Store::native_function(const HostFunction& function) {
    if (function.returns && !in_registers(function.type)) {
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
    const auto no_other = [](wasm::TypeIndex other) {
        WASMAX_ASSERT(other.value == ~std::uint32_t{0});  // outside of a module there is none
        return std::uint32_t{0};
    };
    return group_id(wasm::type_group_key(std::span(&type, 1), {}, no_other), 1);
}

Result<std::vector<abi::TypeId>, Error> Store::type_ids(const wasm::Module& module) {
    std::vector<abi::TypeId> ids;
    ids.reserve(module.types.size());
    while (ids.size() < module.types.size()) {
        const auto next = static_cast<std::uint32_t>(ids.size());
        const wasm::TypeIndex canonical = module.canonical_types[next];
        if (canonical.value != next) {
            ids.push_back(ids[canonical.value]);
        } else if (const auto id = abi::inline_type_id(module, {next})) {
            ids.push_back(*id);
        } else {
            const wasm::TypeGroup group = module.type_groups[next];
            const auto types = std::span(module.types).subspan(next, group.count);
            const auto id_of = [&ids](wasm::TypeIndex type) { return ids[type.value]; };
            const abi::TypeId first =
                TRY(group_id(wasm::type_group_key(types, {next}, id_of), group.count));
            for (std::uint32_t place = 0; place < group.count; ++place) {
                ids.push_back(first + place);
            }
        }
    }
    return ids;
}

Result<abi::TypeId, Error> Store::group_id(std::vector<std::uint64_t> key, std::uint32_t types) {
    const std::lock_guard lock(mutex_);
    const auto [entry, is_new] =
        type_groups_.try_emplace(std::move(key), kRegistryBit | next_type_);
    if (is_new) {
        if (types > kRegistryBit - next_type_) {
            type_groups_.erase(entry);
            return fail(Error::limit("too many function types"));
        }
        next_type_ += types;
    }
    return entry->second;
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
