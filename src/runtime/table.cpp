#include "runtime/table.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"
#include "wasm/types.h"

namespace wasmax::runtime {

bool TableBudget::take(std::uint64_t count) {
    std::uint64_t left = left_.load(std::memory_order_relaxed);
    while (count <= left) {
        if (left_.compare_exchange_weak(left, left - count, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

Table::Table(const wasm::TableType& type, std::uint64_t max_entries, TableBudget& budget,
             Mapping entries, Mapping references)
    : type_(type),
      max_entries_(max_entries),
      budget_(budget),
      entries_(std::move(entries)),
      references_(std::move(references)),
      state_{.entries = reinterpret_cast<abi::TableEntry*>(entries_.base()),
             .references = reinterpret_cast<void**>(references_.base()),
             .count = 0} {
    if (entries_.base() != nullptr) {
        guard_ = GuardRegion(RegionKind::table, entries_.base(), entries_.bytes());
    }
}

Result<std::unique_ptr<Table>, Error> Table::create(const wasm::TableType& type, void* initial,
                                                    std::uint64_t max_entries,
                                                    TableBudget& budget) {
    max_entries = std::min(type.limits.maximum.value_or(max_entries), max_entries);
    Mapping entries;
    if (type.element.is_function_ref()) {
        entries = TRY(Mapping::anonymous(abi::kTableReservationBytes, Mapping::Access::none,
                                         "reserving a table"));
    }
    Mapping references =
        TRY(Mapping::anonymous(std::max<std::uint64_t>(max_entries, 1) * sizeof(void*),
                               Mapping::Access::none, "reserving a table"));
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
    std::unique_ptr<Table> table(
        new Table(type, max_entries, budget, std::move(entries), std::move(references)));
    TRY(table->grow(type.limits.minimum, initial));
    return table;
}

bool Table::contains(std::uint64_t index, std::uint64_t count) const {
    const std::uint64_t entries = this->count();
    return index <= entries && count <= entries - index;
}

void Table::write(std::uint64_t index, void* reference) {
    state_.references[index] = reference;
    if (state_.entries != nullptr) {
        state_.entries[index] =
            reference == nullptr ? abi::TableEntry{} : *static_cast<const abi::FuncRef*>(reference);
    }
}

Result<void*, abi::TrapCode> Table::get(std::uint64_t index) const {
    if (!contains(index, 1)) {
        return fail(abi::TrapCode::table_out_of_bounds);
    }
    return state_.references[index];
}

Result<void, abi::TrapCode> Table::set(std::uint64_t index, void* reference) {
    return fill(index, reference, 1);
}

Result<void, Error> Table::commit(std::uint64_t count) {
    constexpr const char* kPurpose = "growing a table";
    TRY(references_.access(0, align_up(count * sizeof(void*), kHostPageBytes),
                           Mapping::Access::read_write, kPurpose));
    if (state_.entries != nullptr) {
        TRY(entries_.access(0, align_up(count * sizeof(abi::TableEntry), kHostPageBytes),
                            Mapping::Access::read_write, kPurpose));
    }
    return {};
}

Result<std::uint64_t, Error> Table::grow(std::uint64_t delta, void* reference) {
    const std::lock_guard lock(growing_);
    const std::uint64_t before = count();
    if (delta > max_entries_ - before) {
        return fail(Error::limit("a table may have " + std::to_string(max_entries_) +
                                 " entries, not " + std::to_string(delta) + " more than " +
                                 std::to_string(before)));
    }
    if (delta != 0) {
        if (!budget_.take(delta)) {
            return fail(Error::limit("the tables of a program together may not have " +
                                     std::to_string(delta) + " entries more"));
        }
        if (auto committed = commit(before + delta); !committed) {
            budget_.give_back(delta);
            return fail(std::move(committed).error());
        }
        if (reference != nullptr) {
            for (std::uint64_t index = before; index < before + delta; ++index) {
                write(index, reference);
            }
        }
        state_.count.store(before + delta, std::memory_order_release);
    }
    return before;
}

Result<void, abi::TrapCode> Table::fill(std::uint64_t index, void* reference, std::uint64_t count) {
    if (!contains(index, count)) {
        return fail(abi::TrapCode::table_out_of_bounds);
    }
    for (std::uint64_t end = index + count; index < end; ++index) {
        write(index, reference);
    }
    return {};
}

Result<void, abi::TrapCode> Table::init(std::uint64_t index, std::span<void* const> references) {
    if (!contains(index, references.size())) {
        return fail(abi::TrapCode::table_out_of_bounds);
    }
    for (void* reference : references) {
        write(index++, reference);
    }
    return {};
}

Result<void, abi::TrapCode> Table::copy(std::uint64_t index, const Table& from,
                                        std::uint64_t from_index, std::uint64_t count) {
    if (!contains(index, count) || !from.contains(from_index, count)) {
        return fail(abi::TrapCode::table_out_of_bounds);
    }
    // Overlapping ranges: against the direction of the move.
    if (index <= from_index) {
        for (std::uint64_t step = 0; step < count; ++step) {
            write(index + step, from.state_.references[from_index + step]);
        }
    } else {
        for (std::uint64_t step = count; step > 0; --step) {
            write(index + step - 1, from.state_.references[from_index + step - 1]);
        }
    }
    return {};
}

}  // namespace wasmax::runtime
