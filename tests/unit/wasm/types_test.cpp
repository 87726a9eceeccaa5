#include "wasm/types.h"

#include <gtest/gtest.h>

namespace wasmax::wasm {
namespace {

TEST(Types, PrintAsTheTextFormatSpellsThem) {
    EXPECT_EQ(to_string(ValueType::i32), "i32");
    EXPECT_EQ(to_string(ValueType::v128), "v128");
    EXPECT_EQ(to_string(ValueType::funcref), "funcref");
    EXPECT_EQ(to_string(ValueType::externref), "externref");
    EXPECT_EQ(to_string(ValueType::funcref.non_null()), "(ref func)");
    EXPECT_EQ(to_string(ValueType::ref(HeapKind::defined, true, TypeIndex{3})), "(ref null 3)");
    EXPECT_EQ(to_string(FunctionType{{ValueType::i32, ValueType::i64}, {ValueType::f32}}),
              "(i32, i64) -> (f32)");
    EXPECT_EQ(to_string(FunctionType{}), "() -> ()");
}

TEST(Types, FitFourBytes) {
    static_assert(sizeof(ValueType) == 4);
    const ValueType type = ValueType::ref(HeapKind::defined, false, TypeIndex{999'999});
    EXPECT_EQ(type.type_index().value, 999'999U);
    EXPECT_FALSE(type.is_nullable());
    EXPECT_TRUE(type.is_function_ref());
    EXPECT_NE(type, ValueType::funcref);
}

TEST(Features, SwitchSeparately) {
    Features features = Features::supported();
    EXPECT_TRUE(features.has(Feature::bulk_memory));
    EXPECT_TRUE(features.has(Feature::memory64));
    features.disable(Feature::bulk_memory);
    EXPECT_FALSE(features.has(Feature::bulk_memory));
    EXPECT_TRUE(features.has(Feature::memory64));
    features.enable(Feature::bulk_memory);
    EXPECT_EQ(features, Features::supported());
    EXPECT_STREQ(to_string(Feature::bulk_memory), "bulk-memory");
}

}  // namespace
}  // namespace wasmax::wasm
