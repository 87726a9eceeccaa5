#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/artifact.h"
#include "runtime/extern.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/tag.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasm/module.h"

namespace wasmax::runtime {

/// By position in Module::imports; nullopt where the name is unknown.
using Imports = std::span<const std::optional<Extern>>;

/// An import that cannot be satisfied. wasm: exec-instantiation (assert_unlinkable)
struct LinkError {
    enum class Kind : std::uint8_t { unknown_import, incompatible_import } kind;
    std::string module;
    std::string name;
    std::string expected;  ///< such as `(func (i32) -> ())`
    std::string actual;    ///< likewise; empty for an unknown import
};

/// `incompatible import type for "env" "f": expected (func () -> ()), found (global i32)`
[[nodiscard]] std::string to_string(const LinkError& error);

/// Why there is no instance. After a Trap or Left of a start function, or a Trap of a segment, what
/// was written to imported memories and tables before stays. wasm: exec-instantiation
using InstantiateError = std::variant<LinkError, Trap, Left, Error>;

[[nodiscard]] std::string to_string(const InstantiateError& error);

/// A module with its imports bound. Owned by its store, or by its thread (replicate). Threads: that
/// of the ThreadState it was created with. wasm: syntax-moduleinst
class Instance {
public:
    /// Checks the imports, allocates, evaluates globals, copies active segments and runs the start
    /// function, in that order. The instance outlives `thread` only as an owner of what others
    /// imported.
    [[nodiscard]] static Result<Instance*, InstantiateError> create(
        Store& store, ThreadState& thread, std::shared_ptr<const Artifact> artifact,
        Imports imports);
    /// Another instance of the same module for another thread of the guest, which `thread` owns: it
    /// shares memories, tables and function references with this one, so that any thread can call
    /// through any table, and has globals and segments of its own, as new. Active segments are
    /// not copied again; the start function runs again. Instances from which it imports functions
    /// or globals were replicated for `thread` before. Call it on the host thread of `thread`; this
    /// instance may be in use meanwhile. wasix: threads (semantics.md 8.1, 8.2)
    [[nodiscard]] Result<Instance*, InstantiateError> replicate(ThreadState& thread) const;
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    // NOLINTNEXTLINE(readability-identifier-naming): `export` is a keyword.
    [[nodiscard]] std::optional<Extern> export_(std::string_view name) const;
    [[nodiscard]] const Artifact& artifact() const { return *artifact_; }
    [[nodiscard]] const wasm::Module& module() const { return artifact_->module(); }
    [[nodiscard]] Store& store() const { return store_; }

    /// Its ref is null for an import from a host module that has no wrapper.
    [[nodiscard]] Function function(wasm::FunctionIndex index) const;
    [[nodiscard]] Memory& memory(wasm::MemoryIndex index) const { return *memories_[index.value]; }
    [[nodiscard]] Table& table(wasm::TableIndex index) const { return *tables_[index.value]; }
    [[nodiscard]] Global& global(wasm::GlobalIndex index) const { return *globals_[index.value]; }

    [[nodiscard]] const Tag& tag(wasm::TagIndex index) const { return *tags_[index.value]; }

    /// The bytes of a data segment; empty once dropped. wasm: exec-data-drop
    [[nodiscard]] ByteView data(wasm::DataIndex index) const;
    void drop_data(wasm::DataIndex index) { dropped_data_[index.value] = true; }
    /// The references of an element segment; empty once dropped. wasm: exec-elem-drop
    [[nodiscard]] std::span<void* const> elements(wasm::ElementIndex index) const {
        return elements_[index.value];
    }
    void drop_elements(wasm::ElementIndex index);

private:
    friend class Instantiation;
    friend class Store;
    struct ContextDeleter {
        void operator()(abi::VmContext* context) const;
    };

    Instance(Store& store, std::shared_ptr<const Artifact> artifact);

    Store& store_;
    const std::shared_ptr<const Artifact> artifact_;
    std::uint32_t number_ = 0;
    std::unique_ptr<abi::VmContext, ContextDeleter> context_;
    std::vector<abi::FuncRef> own_functions_;     // wrappers of imports, then defined ones
    std::vector<const abi::FuncRef*> functions_;  // by function index
    std::vector<Memory*> memories_;               // by index, as are those below
    std::vector<Table*> tables_;
    std::vector<Global*> globals_;
    std::vector<Tag*> tags_;
    std::vector<std::unique_ptr<Global>> own_globals_;
    std::vector<const void*> host_functions_;  // by function import; null if linked
    std::vector<bool> dropped_data_;
    std::vector<std::vector<void*>> elements_;
};

}  // namespace wasmax::runtime
