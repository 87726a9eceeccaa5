#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"
#include "wasm/limits.h"
#include "wasm/types.h"

namespace wasmax::runtime {

/// What the tables of a store may have together beyond what they have. Threads: any.
class TableBudget {
public:
    explicit TableBudget(std::uint64_t entries) : left_(entries) {}
    /// Takes `count`; nothing if fewer are left.
    [[nodiscard]] bool take(std::uint64_t count);
    void give_back(std::uint64_t count) { left_.fetch_add(count, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> left_;
};

struct TableOptions {
    std::uint64_t max_entries = wasm::kMaxTableEntries;  ///< no table grows beyond it
    std::uint64_t max_total = wasm::kMaxTableEntries;    ///< nor all tables of a store together
};

/// A table. References are `const FuncRef*` (tables of functions) or host references; null is the
/// null reference. Functions that take indices check them first and change nothing when they fail;
/// the error is the trap, table_out_of_bounds. Threads: safe, but an entry written by one thread
/// and called by another at the same time must be the same function or null.
class Table {
public:
    /// `type` is valid; all entries are `initial`, taken from `budget`, which outlives the table.
    /// Errors: limit (the minimum is above `max_entries` or what is left of the budget), host.
    [[nodiscard]] static Result<std::unique_ptr<Table>, Error> create(const wasm::TableType& type,
                                                                      void* initial,
                                                                      std::uint64_t max_entries,
                                                                      TableBudget& budget);
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    /// As it was declared; the current size is count().
    [[nodiscard]] const wasm::TableType& type() const { return type_; }
    /// The id of the defined type that type().element refers to: its index means nothing outside of
    /// the module that declared it. Set before anybody else sees the table.
    [[nodiscard]] abi::TypeId referent() const { return referent_; }
    void set_referent(abi::TypeId referent) { referent_ = referent; }
    [[nodiscard]] abi::TableState* state() { return &state_; }
    [[nodiscard]] std::uint64_t count() const {
        return state_.count.load(std::memory_order_acquire);
    }

    /// wasm: exec-table-get
    [[nodiscard]] Result<void*, abi::TrapCode> get(std::uint64_t index) const;
    /// wasm: exec-table-set
    [[nodiscard]] Result<void, abi::TrapCode> set(std::uint64_t index, void* reference);
    /// Adds `delta` entries, each `reference`; returns the count before.
    /// Errors: above the declared maximum, a limit, or what the host has. wasm: exec-table-grow
    [[nodiscard]] Result<std::uint64_t, Error> grow(std::uint64_t delta, void* reference);
    /// wasm: exec-table-fill
    [[nodiscard]] Result<void, abi::TrapCode> fill(std::uint64_t index, void* reference,
                                                   std::uint64_t count);
    /// Copies references of a segment to [index, index + references.size()). wasm: exec-table-init
    [[nodiscard]] Result<void, abi::TrapCode> init(std::uint64_t index,
                                                   std::span<void* const> references);
    /// The ranges may overlap, `from` may be this table. wasm: exec-table-copy
    [[nodiscard]] Result<void, abi::TrapCode> copy(std::uint64_t index, const Table& from,
                                                   std::uint64_t from_index, std::uint64_t count);

private:
    Table(const wasm::TableType& type, std::uint64_t max_entries, TableBudget& budget,
          Mapping entries, Mapping references);
    [[nodiscard]] Result<void, Error> commit(std::uint64_t count);
    [[nodiscard]] bool contains(std::uint64_t index, std::uint64_t count) const;
    void write(std::uint64_t index, void* reference);

    const wasm::TableType type_;
    abi::TypeId referent_ = 0;
    const std::uint64_t max_entries_;
    TableBudget& budget_;
    Mapping entries_;  // tables of functions only
    Mapping references_;
    GuardRegion guard_;   // after entries_: unregistered before it is unmapped
    std::mutex growing_;  // guards the mappings and state_.count; after the store's
    abi::TableState state_;
};

}  // namespace wasmax::runtime
