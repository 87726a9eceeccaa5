#include "runtime/impl/instantiation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "abi/context_layout.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/artifact.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/impl/constant.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "runtime/tag.h"
#include "runtime/value.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

/// A trap of a segment: there is no instruction.
Failure<InstantiateError> trapped(abi::TrapCode code) {
    return fail(InstantiateError(Trap{.code = code, .pc = 0, .frames = {}}));
}

}  // namespace

Result<void, Error> Instantiation::allocate(const std::vector<Extern>& imports) {
    create_context();
    bind_imports(imports);
    TRY(create_functions());
    create_tags();
    create_globals();
    TRY(create_tables());
    TRY(create_memories());
    fill_slots();
    evaluate_elements();
    instance_.dropped_data_.resize(module_.data.size());
    return {};
}

Result<void, InstantiateError> Instantiation::initialize() {
    TRY(copy_elements());
    TRY(copy_data());
    return start();
}

void Instantiation::create_context() {
    const std::size_t bytes = instance_.artifact().layout().bytes;
    void* memory = ::operator new(bytes, std::align_val_t{alignof(abi::VmContext)});
    std::memset(memory, 0, bytes);
    instance_.context_.reset(new (memory) abi::VmContext{});
    instance_.context_->instance = &instance_;
    thread_.bind(*instance_.context_, instance_.number_);
}

void Instantiation::bind_imports(const std::vector<Extern>& imports) {
    instance_.functions_.reserve(module_.function_types.size());
    std::uint32_t function = 0;
    for (const Extern& external : imports) {
        if (auto* const* table = std::get_if<Table*>(&external)) {
            instance_.tables_.push_back(*table);
        } else if (auto* const* memory = std::get_if<Memory*>(&external)) {
            instance_.memories_.push_back(*memory);
        } else if (auto* const* global = std::get_if<Global*>(&external)) {
            instance_.globals_.push_back(*global);
        } else if (auto* const* tag = std::get_if<Tag*>(&external)) {
            instance_.tags_.push_back(*tag);
        } else {
            bind_import(function++, external);
        }
    }
}

void Instantiation::bind_import(std::uint32_t function, const Extern& external) {
    const std::uint32_t offset = instance_.artifact().layout().function_imports[function];
    if (const auto* host = std::get_if<HostFunction>(&external)) {
        *part<const void*>(offset) = host->code;
        instance_.host_functions_.push_back(host->code);
        instance_.functions_.push_back(nullptr);
        return;
    }
    const abi::FuncRef& ref = *std::get<Function>(external).ref;
    bind_linked(function, ref);
    instance_.host_functions_.push_back(nullptr);
    instance_.functions_.push_back(&ref);
}

void Instantiation::bind_linked(std::uint32_t function, const abi::FuncRef& ref) {
    abi::VmContext* const context = thread_.contexts[ref.module];
    WASMAX_ASSERT(context != nullptr);  // the exporter belongs to this thread
    *part<abi::LinkedFunctionSlot>(instance_.artifact().layout().function_imports[function]) = {
        .code = ref.code, .context = context};
}

Result<void, Error> Instantiation::share(const Instance& original) {
    create_context();
    instance_.memories_ = original.memories_;
    instance_.tables_ = original.tables_;
    instance_.tags_ = original.tags_;
    instance_.functions_ = original.functions_;
    instance_.host_functions_ = original.host_functions_;
    for (std::uint32_t function = 0; function < module_.imported_functions; ++function) {
        if (const void* const host = instance_.host_functions_[function]) {
            *part<const void*>(instance_.artifact().layout().function_imports[function]) = host;
        } else {
            bind_linked(function, *instance_.functions_[function]);
        }
    }
    for (std::uint32_t index = 0; index < module_.imported_globals; ++index) {
        Global* const global = original.globals_[index];
        const Global::Origin origin = global->origin();
        instance_.globals_.push_back(
            origin.module == 0 ? global
                               : &thread_.contexts[origin.module]->instance->global(origin.index));
    }
    TRY(create_type_ids());
    create_globals();
    fill_slots();
    evaluate_elements();
    for (std::uint32_t index = 0; index < module_.elements.size(); ++index) {
        if (module_.elements[index].mode != wasm::SegmentMode::passive) {
            instance_.drop_elements({index});
        }
    }
    for (const wasm::DataSegment& segment : module_.data) {
        instance_.dropped_data_.push_back(segment.mode == wasm::SegmentMode::active);
    }
    return {};
}

Result<void, Error> Instantiation::create_type_ids() {
    const std::vector<abi::TypeId> ids = TRY(instance_.store().type_ids(module_));
    std::ranges::copy(ids, part<abi::TypeId>(instance_.artifact().layout().type_ids));
    return {};
}

Result<void, Error> Instantiation::create_functions() {
    TRY(create_type_ids());
    const auto* const type_ids = part<abi::TypeId>(instance_.artifact().layout().type_ids);
    const auto total = static_cast<std::uint32_t>(module_.function_types.size());
    instance_.own_functions_.reserve(total);  // its elements must not move
    for (std::uint32_t index = 0; index < total; ++index) {
        const bool imported = module_.is_imported({index});
        const void* code =
            imported ? instance_.artifact().wrapper({index}) : instance_.artifact().code({index});
        if (imported && (instance_.functions_[index] != nullptr || code == nullptr)) {
            continue;
        }
        const abi::FuncRef& ref = instance_.own_functions_.emplace_back(
            abi::FuncRef{.code = code,
                         .type = type_ids[module_.function_types[index].value],
                         .module = instance_.number_});
        if (imported) {
            instance_.functions_[index] = &ref;
        } else {
            instance_.functions_.push_back(&ref);
        }
    }
    return {};
}

/// By its export, else by its number.
std::string Instantiation::tag_name(std::uint32_t index) const {
    const auto named = std::ranges::find_if(module_.exports, [index](const wasm::Export& item) {
        return item.kind == wasm::ExternKind::tag && item.index == index;
    });
    return named != module_.exports.end() ? std::string(named->name)
                                          : "tag[" + std::to_string(index) + "]";
}

void Instantiation::create_tags() {
    const auto* const type_ids = part<abi::TypeId>(instance_.artifact().layout().type_ids);
    for (auto index = module_.imported_tags; index < module_.tag_types.size(); ++index) {
        instance_.tags_.push_back(instance_.store().create_tag(
            module_.type(module_.tag_types[index].type),
            type_ids[module_.tag_types[index].type.value], tag_name(index)));
    }
}

abi::TypeId Instantiation::referent(wasm::ValueType type) {
    return type.is_defined()
               ? part<abi::TypeId>(instance_.artifact().layout().type_ids)[type.type_index().value]
               : abi::TypeId{};
}

void Instantiation::create_globals() {
    const std::vector<std::uint32_t>& offsets = instance_.artifact().layout().globals;
    for (std::uint32_t index = 0; index < module_.imported_globals; ++index) {
        *part<Value*>(offsets[index]) = instance_.globals_[index]->cell();
    }
    auto index = module_.imported_globals;
    for (const wasm::Global& global : module_.globals) {
        auto* const cell = part<Value>(offsets[index]);
        *cell = evaluate(instance_, global.initializer);
        const auto& own = instance_.own_globals_.emplace_back(std::make_unique<Global>(
            global.type, cell, Global::Origin{.module = instance_.number_, .index = {index}}));
        own->set_referent(referent(global.type.value));
        instance_.globals_.push_back(own.get());
        ++index;
    }
}

Result<void, Error> Instantiation::create_tables() {
    for (const wasm::Table& table : module_.tables) {
        void* const initial = table.initializer.has_value()
                                  ? evaluate(instance_, *table.initializer).as_reference()
                                  : nullptr;
        instance_.tables_.push_back(
            TRY(instance_.store().create_table(table.type, initial, referent(table.type.element))));
    }
    return {};
}

Result<void, Error> Instantiation::create_memories() {
    for (std::size_t index = module_.imported_memories; index < module_.memory_types.size();
         ++index) {
        instance_.memories_.push_back(
            TRY(instance_.store().create_memory(module_.memory_types[index])));
    }
    return {};
}

void Instantiation::fill_slots() {
    auto* table_slot = part<abi::TableSlot>(instance_.artifact().layout().tables);
    for (Table* table : instance_.tables_) {
        *table_slot++ = {.entries = table->state()->entries, .state = table->state()};
    }
    if (!instance_.tables_.empty()) {
        instance_.context_->table0 = instance_.tables_.front()->state()->entries;
    }
    auto* tag_slot = part<const abi::TagIdentity*>(instance_.artifact().layout().tags);
    for (const Tag* tag : instance_.tags_) {
        *tag_slot++ = tag;
    }
    auto* slot = part<abi::MemorySlot>(instance_.artifact().layout().memories);
    for (Memory* memory : instance_.memories_) {
        *slot++ = {.base = memory->base(), .state = memory->state()};
    }
    if (!instance_.memories_.empty()) {
        Memory& memory = *instance_.memories_.front();
        instance_.context_->memory_base = memory.base();
        instance_.context_->memory0 = memory.state();
    }
}

void Instantiation::evaluate_elements() {
    instance_.elements_.reserve(module_.elements.size());
    for (const wasm::ElementSegment& segment : module_.elements) {
        std::vector<void*>& references = instance_.elements_.emplace_back();
        references.reserve(segment.count());
        std::visit(
            [&](const auto& items) {
                for (const auto& item : items) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(item)>,
                                                 wasm::FunctionIndex>) {
                        references.push_back(
                            Value::reference(instance_.function(item).ref).as_reference());
                    } else {
                        references.push_back(evaluate(instance_, item).as_reference());
                    }
                }
            },
            segment.items);
    }
}

std::uint64_t Instantiation::address(const wasm::ConstantExpression& offset,
                                     wasm::AddressType type) const {
    const Value value = evaluate(instance_, offset);
    return type == wasm::AddressType::i64 ? value.as_i64() : value.as_i32();
}

Result<void, InstantiateError> Instantiation::copy_elements() {
    for (std::uint32_t index = 0; index < module_.elements.size(); ++index) {
        const wasm::ElementSegment& segment = module_.elements[index];
        if (segment.mode == wasm::SegmentMode::active) {
            const std::uint64_t offset =
                address(segment.offset, instance_.table(segment.table).type().address);
            const auto copied =
                instance_.table(segment.table).init(offset, instance_.elements({index}));
            if (!copied.has_value()) {
                return trapped(copied.error());
            }
        }
        if (segment.mode != wasm::SegmentMode::passive) {
            instance_.drop_elements({index});
        }
    }
    return {};
}

Result<void, InstantiateError> Instantiation::copy_data() {
    for (const auto& [memory, address, image] : instance_.artifact().initial_memory()) {
        if (!instance_.memory(memory).place(address, image).has_value()) {
            return trapped(abi::TrapCode::memory_out_of_bounds);  // a damaged artifact
        }
    }
    for (std::uint32_t index = 0; index < module_.data.size(); ++index) {
        const wasm::DataSegment& segment = module_.data[index];
        if (segment.mode != wasm::SegmentMode::active) {
            continue;
        }
        const Memory& memory = instance_.memory(segment.memory);
        const std::uint64_t offset = address(segment.offset, memory.type().address);
        const std::uint64_t bytes = memory.bytes().count;
        if (offset > bytes || segment.bytes.size() > bytes - offset) {
            return trapped(abi::TrapCode::memory_out_of_bounds);
        }
        if (!segment.bytes.empty()) {
            std::memcpy(memory.base() + offset, segment.bytes.data(), segment.bytes.size());
        }
        instance_.drop_data({index});
    }
    return {};
}

Result<void, InstantiateError> Instantiation::start() {
    if (!module_.start.has_value()) {
        return {};
    }
    const Function function = instance_.function(*module_.start);
    CallOutcome outcome = call(thread_, *function.ref, *function.type, {}, {});
    if (auto* trap = std::get_if<Trapped>(&outcome)) {
        return fail(InstantiateError(std::move(trap->trap)));
    }
    if (const auto* left = std::get_if<Left>(&outcome)) {
        return fail(InstantiateError(*left));
    }
    return {};
}

}  // namespace wasmax::runtime
