#include "runtime/table.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "wasm/limits.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

constexpr abi::TrapCode kOutOfBounds = abi::TrapCode::table_out_of_bounds;
constexpr std::uint64_t kHuge = ~std::uint64_t{0};

std::unique_ptr<Table> make(wasm::ValueType element, const wasm::Limits& limits,
                            void* initial = nullptr,
                            std::uint64_t max_entries = wasm::kMaxTableEntries) {
    static TableBudget budget(1'000'000'000);
    auto table =
        Table::create({.element = element, .limits = limits}, initial, max_entries, budget);
    EXPECT_TRUE(table.has_value()) << (table ? "" : table.error().message);
    return std::move(table).value();
}

std::array<int, 4> things{};
void* thing(std::size_t index) { return &things[index]; }

std::vector<void*> contents(const Table& table) {
    std::vector<void*> references;
    for (std::uint64_t index = 0; index < table.count(); ++index) {
        references.push_back(*table.get(index));
    }
    return references;
}

TEST(Table, GetAndSetCheckTheirIndex) {
    const auto table = make(wasm::ValueType::externref, {.minimum = 2, .maximum = {}});
    EXPECT_EQ(*table->get(1), nullptr);
    EXPECT_TRUE(table->set(1, thing(0)).has_value());
    EXPECT_EQ(*table->get(1), thing(0));
    for (const std::uint64_t index : {std::uint64_t{2}, kHuge}) {
        EXPECT_EQ(table->get(index).error(), kOutOfBounds);
        EXPECT_EQ(table->set(index, nullptr).error(), kOutOfBounds);
    }
}

TEST(Table, FunctionTablesMirrorReferencesInTheirEntries) {
    const abi::FuncRef function{.code = thing(0), .type = 5, .module = 6};
    const auto table = make(wasm::ValueType::funcref, {.minimum = 2, .maximum = {}});
    const abi::TableEntry* const entries = table->state()->entries;
    EXPECT_EQ(entries[1].type, 0U);
    EXPECT_TRUE(table->set(1, const_cast<abi::FuncRef*>(&function)).has_value());
    EXPECT_EQ(entries[1].code, function.code);
    EXPECT_EQ(entries[1].type, 5U);
    EXPECT_EQ(entries[1].module, 6U);
    EXPECT_TRUE(table->set(1, nullptr).has_value());
    EXPECT_EQ(entries[1].code, nullptr);
    EXPECT_EQ(entries[1].type, 0U);
    EXPECT_EQ(make(wasm::ValueType::externref, {.minimum = 2, .maximum = {}})->state()->entries,
              nullptr);
}

TEST(Table, GrowFillsAndStopsAtItsLimits) {
    const auto table = make(wasm::ValueType::externref, {.minimum = 1, .maximum = 4}, thing(0));
    EXPECT_EQ(*table->grow(2, thing(1)), 1U);
    EXPECT_EQ(*table->grow(0, thing(2)), 3U);
    EXPECT_EQ(contents(*table), (std::vector<void*>{thing(0), thing(1), thing(1)}));
    EXPECT_FALSE(table->grow(2, nullptr).has_value());
    EXPECT_FALSE(table->grow(kHuge, nullptr).has_value());
    EXPECT_EQ(table->count(), 3U);

    const auto limited =
        make(wasm::ValueType::funcref, {.minimum = 0, .maximum = {}}, nullptr, 1000);
    EXPECT_TRUE(limited->grow(1000, nullptr).has_value());
    EXPECT_FALSE(limited->grow(1, nullptr).has_value());
    TableBudget budget(100);
    const auto refused = Table::create(
        {.element = wasm::ValueType::funcref, .limits = {.minimum = 51, .maximum = {}}}, nullptr,
        50, budget);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, Error::Kind::limit);
}

TEST(Table, OneBudgetForAll) {
    TableBudget budget(10);
    const wasm::TableType type{.element = wasm::ValueType::externref,
                               .limits = {.minimum = 4, .maximum = {}}};
    const auto first = Table::create(type, nullptr, 100, budget);
    const auto second = Table::create(type, nullptr, 100, budget);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_FALSE((*first)->grow(3, nullptr).has_value());
    EXPECT_TRUE((*second)->grow(2, nullptr).has_value());
    EXPECT_EQ((*first)->grow(1, nullptr).error().kind, Error::Kind::limit);
    EXPECT_EQ((*first)->count(), 4U);
    EXPECT_TRUE((*first)->grow(0, nullptr).has_value());
    EXPECT_FALSE(Table::create(type, nullptr, 100, budget).has_value());
}

TEST(Table, FillInitAndCopyChangeNothingWhenOutOfBounds) {
    const auto table = make(wasm::ValueType::externref, {.minimum = 3, .maximum = {}}, thing(0));
    const auto before = contents(*table);
    const std::vector<void*> segment{thing(1), thing(2)};
    EXPECT_EQ(table->fill(1, thing(3), 3).error(), kOutOfBounds);
    EXPECT_EQ(table->fill(kHuge, thing(3), 2).error(), kOutOfBounds);
    EXPECT_EQ(table->init(2, segment).error(), kOutOfBounds);
    EXPECT_EQ(table->copy(1, *table, 0, 3).error(), kOutOfBounds);
    EXPECT_EQ(table->copy(0, *table, 1, 3).error(), kOutOfBounds);
    EXPECT_EQ(table->copy(0, *table, kHuge, 1).error(), kOutOfBounds);
    EXPECT_EQ(contents(*table), before);
    EXPECT_TRUE(table->fill(3, thing(3), 0).has_value());
    EXPECT_EQ(table->fill(4, thing(3), 0).error(), kOutOfBounds);
    EXPECT_TRUE(table->init(1, segment).has_value());
    EXPECT_EQ(contents(*table), (std::vector<void*>{thing(0), thing(1), thing(2)}));
}

TEST(Table, CopyAllowsOverlapInBothDirections) {
    const auto table = make(wasm::ValueType::externref, {.minimum = 4, .maximum = {}});
    const std::vector<void*> segment{thing(0), thing(1), thing(2), thing(3)};
    ASSERT_TRUE(table->init(0, segment).has_value());
    EXPECT_TRUE(table->copy(1, *table, 0, 3).has_value());
    EXPECT_EQ(contents(*table), (std::vector<void*>{thing(0), thing(0), thing(1), thing(2)}));
    EXPECT_TRUE(table->copy(0, *table, 1, 3).has_value());
    EXPECT_EQ(contents(*table), (std::vector<void*>{thing(0), thing(1), thing(2), thing(2)}));
}

}  // namespace
}  // namespace wasmax::runtime
