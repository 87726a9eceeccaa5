// Typed function references: subtyping, equality of types, locals without a default value, and what
// is refused. In bytes, where the text converter is older than the encoding.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/support.h"
#include "wasm/decoder.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using testing::HasSubstr;

constexpr ValueType kType3 = ValueType::ref(HeapKind::defined, true, {3});
constexpr ValueType kType4 = ValueType::ref(HeapKind::defined, true, {4});
constexpr ValueType kNoFunction = ValueType::ref(HeapKind::nofunc, true);
constexpr ValueType kNoExtern = ValueType::ref(HeapKind::noextern, true);

static_assert(is_subtype(kType3, kType3) && !is_subtype(kType3, kType4));
static_assert(is_subtype(kType3, ValueType::funcref) && !is_subtype(ValueType::funcref, kType3));
static_assert(is_subtype(kType3.non_null(), kType3) && !is_subtype(kType3, kType3.non_null()));
static_assert(is_subtype(kNoFunction, kType3) && is_subtype(kNoFunction, ValueType::funcref));
static_assert(!is_subtype(kNoFunction, ValueType::externref) && !is_subtype(kType3, kNoFunction));
static_assert(is_subtype(kNoExtern, ValueType::externref) &&
              !is_subtype(kNoExtern, ValueType::funcref));
static_assert(is_subtype(ValueType::bottom, ValueType::i32) &&
              !is_subtype(ValueType::i32, ValueType::bottom));
static_assert(is_subtype(ValueType::ref(HeapKind::bottom, false), kType3) &&
              !is_subtype(ValueType::ref(HeapKind::bottom, false), ValueType::i32));

/// The canonical index of every type.
std::vector<std::uint32_t> canonical(const Binary& types) {
    const Binary binary = Binary::header().section(1, types);
    const auto module = decode_module(binary.bytes());
    EXPECT_TRUE(module.has_value()) << to_string(module.error());
    std::vector<std::uint32_t> indices;
    for (const TypeIndex type : module->canonical_types) {
        indices.push_back(type.value);
    }
    return indices;
}

TEST(TypeEquality, IsThatOfGroupsAndPlaces) {
    // (func) twice, a group of two of them, the same group again, (func) alone.
    const auto group = [] { return Binary().raw({0x4e, 2, 0x60, 0, 0, 0x60, 0, 0}); };
    EXPECT_THAT(canonical(Binary()
                              .raw({5, 0x60, 0, 0, 0x60, 0, 0})
                              .append(group())
                              .append(group())
                              .raw({0x60, 0, 0})),
                testing::ElementsAre(0, 0, 2, 3, 2, 3, 0));
}

TEST(TypeEquality, FollowsReferences) {
    // 0, 1: (func (param (ref 0))), (func (param (ref 1))): each refers to itself.
    // 2: (func (param (ref 1))): refers to an equal type, but not to itself.
    // 3: the same as 2, by way of 0.
    EXPECT_THAT(canonical(Binary().raw({4,                    //
                                        0x60, 1, 0x64, 0, 0,  //
                                        0x60, 1, 0x64, 1, 0,  //
                                        0x60, 1, 0x64, 1, 0,  //
                                        0x60, 1, 0x64, 0, 0})),
                testing::ElementsAre(0, 0, 2, 2));
}

TEST(TypeSection, RefusesTypesThatDoNotExistYet) {
    EXPECT_THAT(verdict(Binary::header().section(1, {1, 0x60, 1, 0x64, 1, 0})),
                HasSubstr("unknown type 1"));
}

TEST(TypeSection, NamesTheProposalItLacks) {
    for (const auto& types :
         {Binary().raw({1, 0x5f, 0}), Binary().raw({1, 0x5e, 0x7f, 0}),
          Binary().raw({1, 0x50, 0, 0x60, 0, 0}), Binary().raw({1, 0x60, 1, 0x6c, 0})}) {
        EXPECT_THAT(verdict(Binary::header().section(1, types)),
                    HasSubstr("uses the GC proposal, which wasmax does not support"));
    }
}

TEST(FunctionBody, NamesTheProposalOfAnOpcode) {
    EXPECT_THAT(verdict(module_with_body(Binary().raw({0, 0xfb, 0x1c, 0x0b}))),
                HasSubstr("uses the GC proposal, which wasmax does not support: opcode fb 1c"));
}

TEST(FunctionBody, NeedsTheFeature) {
    EXPECT_THAT(verdict(module_with_body(Binary().raw({1, 1, 0x64, 0, 0x0b})),
                        without(Feature::function_references)),
                HasSubstr("feature function-references is not enabled"));
}

// A local of type (ref 0), and `ref.func 0` to set it: function 0 is declared by an export.
std::string with_local(const Binary& body) {
    return verdict(
        Binary::header()
            .section(1, {1, 0x60, 0, 0})
            .section(3, {1, 0})
            .section(7, {1, 1, 'f', 0, 0})
            .section(10, Binary().raw({1}).sized(Binary().raw({1, 1, 0x64, 0}).append(body))));
}

TEST(Locals, WithoutDefaultMustBeSet) {
    const auto set = [] { return Binary().raw({0xd2, 0, 0x21, 0}); };
    const auto get = [] { return Binary().raw({0x20, 0, 0x1a}); };
    EXPECT_EQ(with_local(Binary().append(set()).append(get()).raw({0x0b})), "accepted");
    EXPECT_THAT(with_local(Binary().append(get()).raw({0x0b})), HasSubstr("uninitialized local 0"));
    // What a block sets is forgotten at its end.
    EXPECT_THAT(
        with_local(Binary().raw({0x02, 0x40}).append(set()).raw({0x0b}).append(get()).raw({0x0b})),
        HasSubstr("uninitialized local 0"));
    EXPECT_EQ(with_local(Binary().append(set()).raw({0x02, 0x40}).append(get()).raw({0x0b, 0x0b})),
              "accepted");
}

TEST(Tables, WithoutDefaultNeedAnInitializer) {
    EXPECT_THAT(
        verdict(Binary::header().section(1, {1, 0x60, 0, 0}).section(4, {1, 0x64, 0, 0, 1})),
        HasSubstr("needs an initializer"));
}

}  // namespace
}  // namespace wasmax::wasm
