#include "wasm/opcode.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "wasm/impl/opcode_table.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

TEST(Opcode, EveryEncodingLeadsToItsRow) {
    for (const OpcodeInfo& row : kOpcodes) {
        const auto prefix = static_cast<std::uint8_t>(row.encoding >> 16);
        const OpcodeInfo* found = row.encoding <= 0xff
                                      ? find_opcode(static_cast<std::uint8_t>(row.encoding))
                                      : find_opcode(prefix, row.encoding & 0xffff);
        EXPECT_EQ(found, &row) << row.text;
        EXPECT_EQ(&opcode_info(row.opcode), &row) << row.text;
    }
}

TEST(Opcode, UnknownEncodingsHaveNoRow) {
    EXPECT_EQ(find_opcode(0xff), nullptr);
    EXPECT_EQ(find_opcode(0xfc), nullptr);
    EXPECT_TRUE(is_opcode_prefix(0xfc));
    EXPECT_FALSE(is_opcode_prefix(0x00));
    EXPECT_EQ(find_opcode(0xfc, 18), nullptr);
    EXPECT_EQ(find_opcode(0xfc, 0xffff'ffff), nullptr);
}

TEST(Opcode, RowsSayHowToPrintAndType) {
    EXPECT_STREQ(to_string(Opcode::i32_trunc_sat_f64_u), "i32.trunc_sat_f64_u");
    const OpcodeTypes& types = kOpcodeTypes[static_cast<std::size_t>(Opcode::i64_store)];
    ASSERT_EQ(types.parameter_count, 2);
    EXPECT_EQ(types.parameters[1], ValueType::i64);
}

TEST(Opcode, NaturalAlignmentFollowsFromTheText) {
    const auto log2 = [](Opcode opcode) {
        return kAccessBytesLog2[static_cast<std::size_t>(opcode)];
    };
    EXPECT_EQ(log2(Opcode::i64_load8_u), 0);
    EXPECT_EQ(log2(Opcode::i32_store16), 1);
    EXPECT_EQ(log2(Opcode::i64_load32_s), 2);
    EXPECT_EQ(log2(Opcode::f32_load), 2);
    EXPECT_EQ(log2(Opcode::f64_store), 3);
    EXPECT_EQ(log2(Opcode::i64_atomic_rmw_xchg), 3);
    EXPECT_EQ(log2(Opcode::i64_atomic_rmw16_cmpxchg_u), 1);
    EXPECT_EQ(log2(Opcode::memory_atomic_notify), 2);
    EXPECT_EQ(log2(Opcode::memory_atomic_wait64), 3);
    EXPECT_EQ(log2(Opcode::v128_load), 4);
    EXPECT_EQ(log2(Opcode::v128_load8x8_s), 3);
    EXPECT_EQ(log2(Opcode::v128_load32x2_u), 3);
    EXPECT_EQ(log2(Opcode::v128_load16_splat), 1);
    EXPECT_EQ(log2(Opcode::v128_store8_lane), 0);
}

TEST(Opcode, LanesFollowFromTheText) {
    const auto lanes = [](Opcode opcode) { return kLaneCounts[static_cast<std::size_t>(opcode)]; };
    EXPECT_EQ(lanes(Opcode::i8x16_extract_lane_u), 16);
    EXPECT_EQ(lanes(Opcode::f64x2_replace_lane), 2);
    EXPECT_EQ(lanes(Opcode::v128_load32_lane), 4);
    EXPECT_EQ(lanes(Opcode::i8x16_shuffle), 0);
}

}  // namespace
}  // namespace wasmax::wasm
