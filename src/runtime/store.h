#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "abi/exception.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "runtime/tag.h"
#include "runtime/value.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::runtime {

class Artifact;
class Instance;

/// Module numbers below this (FuncRef::module). Number 0 is the host's own, for native functions.
inline constexpr std::uint32_t kMaxInstances = std::uint32_t{1} << 20;

struct StoreOptions {
    MemoryOptions memory;
    TableOptions table;
};

/// Owns instances and everything they share: memories, tables, globals, function references. All of
/// it lives as long as the store, so no reference dangles. Stores share nothing: references of one
/// mean nothing in another. Threads: any. wasm: syntax-store
class Store {
public:
    explicit Store(const StoreOptions& options = {});
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Errors: as Memory::create.
    [[nodiscard]] Result<Memory*, Error> create_memory(const wasm::MemoryType& type);
    /// `referent` is the id of the type that `type.element` refers to, if it is a defined one.
    /// Errors: as Table::create.
    [[nodiscard]] Result<Table*, Error> create_table(const wasm::TableType& type, void* initial,
                                                     abi::TypeId referent = {});
    [[nodiscard]] Global* create_global(const wasm::GlobalType& type, Value initial);
    /// `type_id` is that of `type`; `name` is for messages.
    [[nodiscard]] Tag* create_tag(const wasm::FunctionType& type, abi::TypeId type_id,
                                  std::string name);
    /// Takes exceptions whose thread ends.
    void add_exceptions(const std::vector<abi::Exception*>& exceptions);
    /// A wasm function value for a native entry, which is called with a context that has no
    /// instance and no memory. Errors: unsupported, when the type has more parameters than fit
    /// registers or more than one result (5 integers, 8 floats: abi/calling_convention.h), and the
    /// entry returns.
    [[nodiscard]] Result<Function, Error> native_function(const HostFunction& function);

    /// Ids of all types of a module, in order; equal exactly for equal types, whichever module they
    /// are of. Errors: limit (2^31 types that have no inline id).
    [[nodiscard]] Result<std::vector<abi::TypeId>, Error> type_ids(const wasm::Module& module);
    /// The id of a type that refers to no other.
    [[nodiscard]] Result<abi::TypeId, Error> type_id(const wasm::FunctionType& type);
    /// The artifact of an instance whose code contains `pc`; null if there is none.
    [[nodiscard]] const Artifact* find_code(std::uintptr_t pc) const;

private:
    friend class Instance;
    struct NativeFunction;

    /// Numbers the instance and takes it.
    [[nodiscard]] Result<Instance*, Error> add(std::unique_ptr<Instance> instance);

    /// The id of the first type of a group with that key; those of the others follow.
    [[nodiscard]] Result<abi::TypeId, Error> group_id(std::vector<std::uint64_t> key,
                                                      std::uint32_t types);

    const StoreOptions options_;
    TableBudget table_budget_;
    mutable std::mutex mutex_;  // guards all below; first in the lock order
    std::vector<std::unique_ptr<Memory>> memories_;
    std::vector<std::unique_ptr<Table>> tables_;
    std::vector<std::unique_ptr<Global>> globals_;
    std::vector<std::unique_ptr<Tag>> tags_;
    std::vector<abi::Exception*> exceptions_;  // of threads that have ended
    std::vector<std::unique_ptr<NativeFunction>> natives_;
    std::map<std::vector<std::uint64_t>, abi::TypeId> type_groups_;  // by wasm::type_group_key()
    abi::TypeId next_type_ = 0;                                      // below kRegistryBit
    std::vector<std::unique_ptr<Instance>> instances_;  // by module number; [0] is null
};

}  // namespace wasmax::runtime
