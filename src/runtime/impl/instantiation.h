#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasm/module.h"

namespace wasmax::runtime {

/// Turns a new, numbered Instance into one that can be called. wasm: exec-instantiation
class Instantiation {
public:
    Instantiation(Instance& instance, ThreadState& thread)
        : instance_(instance), module_(instance.module()), thread_(thread) {}

    /// Everything without visible effects: context, functions, globals, tables and memories.
    /// `imports` are linked. Errors: of Memory::create and Table::create; limit.
    [[nodiscard]] Result<void, Error> allocate(const std::vector<Extern>& imports);
    /// Element segments, data segments, the start function.
    [[nodiscard]] Result<void, InstantiateError> initialize();

    /// Instead of allocate() and initialize(), for Instance::replicate: without the start function.
    [[nodiscard]] Result<void, Error> share(const Instance& original);
    [[nodiscard]] Result<void, InstantiateError> start();

private:
    void create_context();
    void bind_imports(const std::vector<Extern>& imports);
    void bind_import(std::uint32_t function, const Extern& external);
    [[nodiscard]] Result<void, Error> create_functions();
    [[nodiscard]] Result<void, Error> create_type_ids();
    [[nodiscard]] std::string tag_name(std::uint32_t index) const;
    void create_tags();
    /// The id of the defined type that `type` refers to; 0 if it refers to none.
    [[nodiscard]] abi::TypeId referent(wasm::ValueType type);
    void create_globals();
    /// The context's slots of tables, memories and tags.
    void fill_slots();
    void bind_linked(std::uint32_t function, const abi::FuncRef& ref);
    [[nodiscard]] Result<void, Error> create_tables();
    [[nodiscard]] Result<void, Error> create_memories();
    void evaluate_elements();
    /// Where an active segment goes in a memory or table with addresses of `type`.
    [[nodiscard]] std::uint64_t address(const wasm::ConstantExpression& offset,
                                        wasm::AddressType type) const;
    [[nodiscard]] Result<void, InstantiateError> copy_elements();
    [[nodiscard]] Result<void, InstantiateError> copy_data();

    /// The part of the context at `offset`.
    template <class T>
    T* part(std::uint32_t offset) {
        return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(instance_.context_.get()) +
                                    offset);
    }

    Instance& instance_;
    const wasm::Module& module_;
    ThreadState& thread_;
};

}  // namespace wasmax::runtime
