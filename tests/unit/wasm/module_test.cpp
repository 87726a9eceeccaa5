// What decode_module() makes of a good module.

#include "wasm/module.h"

#include <cstddef>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/support.h"
#include "wasm/decoder.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kEverything = R"((module
    (type $sum (func (param i32 i32) (result i32)))
    (import "env" "sum" (func $imported (type $sum)))
    (import "env" "counter" (global $counter i32))
    (import "env" "shared" (memory 1 3))
    (table $callbacks 2 10 funcref)
    (table 1 externref)
    (global $top (mut i32) (i32.const 65536))
    (global funcref (ref.func $exported))
    (export "add" (func $exported))
    (export "memory" (memory 0))
    (export "top" (global $top))
    (start $start)
    (elem (i32.const 1) func $start)
    (elem declare func $declared)
    (elem externref (ref.null extern))
    (data (global.get $counter) "hello")
    (data "passive")
    (func $exported (type $sum) (i32.add (local.get 0) (local.get 1)))
    (func $start)
    (func $declared (drop (ref.func $declared)))
    (func $hidden (data.drop 1))))";

class ModuleTest : public testing::Test {
protected:
    ByteVector bytes_ = wat(kEverything);
    Module module_ = decode_module(bytes_).value();
};

TEST_F(ModuleTest, CountsImportsFirst) {
    ASSERT_EQ(module_.imports.size(), 3U);
    EXPECT_EQ(module_.imports[1].name, "counter");
    EXPECT_EQ(module_.imports[1].kind(), ExternKind::global);
    EXPECT_EQ(module_.imported_functions, 1U);
    EXPECT_EQ(module_.imported_globals, 1U);
    EXPECT_EQ(module_.imported_memories, 1U);
    EXPECT_EQ(module_.function_types.size(), 5U);
    EXPECT_EQ(module_.defined_functions(), 4U);
    EXPECT_TRUE(module_.is_imported(FunctionIndex{0}));
    EXPECT_FALSE(module_.is_imported(FunctionIndex{1}));
    EXPECT_EQ(to_string(module_.type_of(FunctionIndex{1})), "(i32, i32) -> (i32)");
}

TEST_F(ModuleTest, KeepsTypesOfTablesMemoriesAndGlobals) {
    ASSERT_EQ(module_.table_types.size(), 2U);
    EXPECT_EQ(module_.table_types[0].limits, (Limits{2, 10}));
    EXPECT_EQ(module_.table_types[1].element, ValueType::externref);
    EXPECT_EQ(module_.memory_types[0].limits, (Limits{1, 3}));
    ASSERT_EQ(module_.globals.size(), 2U);
    EXPECT_TRUE(module_.globals[0].type.is_mutable);
    ASSERT_EQ(module_.globals[0].initializer.size(), 1U);
    EXPECT_EQ(module_.globals[0].initializer[0].opcode, Opcode::i32_const);
    EXPECT_EQ(module_.globals[0].initializer[0].bits, 65536U);
    EXPECT_EQ(module_.globals[1].initializer[0].opcode, Opcode::ref_func);
}

TEST_F(ModuleTest, FindsExports) {
    ASSERT_NE(module_.find_export("top"), nullptr);
    EXPECT_EQ(module_.find_export("top")->kind, ExternKind::global);
    EXPECT_EQ(module_.find_export("top")->index, 1U);
    EXPECT_EQ(module_.find_export("Top"), nullptr);
    EXPECT_EQ(module_.start, FunctionIndex{2});
}

TEST_F(ModuleTest, KeepsSegments) {
    ASSERT_EQ(module_.elements.size(), 3U);
    EXPECT_EQ(module_.elements[0].mode, SegmentMode::active);
    EXPECT_EQ(module_.elements[0].offset[0].bits, 1U);
    EXPECT_THAT(std::get<0>(module_.elements[0].items), ElementsAre(FunctionIndex{2}));
    EXPECT_EQ(module_.elements[1].mode, SegmentMode::declarative);
    EXPECT_EQ(module_.elements[2].mode, SegmentMode::passive);
    EXPECT_EQ(module_.elements[2].type, ValueType::externref);
    EXPECT_EQ(module_.elements[2].count(), 1U);
    ASSERT_EQ(module_.data.size(), 2U);
    EXPECT_EQ(module_.data_count, 2U);
    EXPECT_EQ(module_.data[0].offset[0].opcode, Opcode::global_get);
    EXPECT_EQ(module_.data[0].bytes.size(), 5U);
    EXPECT_EQ(module_.data[1].mode, SegmentMode::passive);
}

TEST_F(ModuleTest, DeclaresFunctionsNamedOutsideBodies) {
    EXPECT_THAT(module_.declared_functions,
                ElementsAre(FunctionIndex{1}, FunctionIndex{2}, FunctionIndex{3}));
}

TEST_F(ModuleTest, ViewsTheBytesItWasDecodedFrom) {
    std::size_t section_bytes = 8;
    for (const SectionSpan& section : module_.sections) {
        section_bytes += section.whole.size();
    }
    EXPECT_EQ(section_bytes, bytes_.size());
    ASSERT_EQ(module_.bodies.size(), 4U);
    EXPECT_EQ(module_.bodies[0].bytes.data(), bytes_.data() + module_.bodies[0].offset);
    ASSERT_EQ(module_.custom_sections.size(), 1U);
    EXPECT_EQ(module_.custom_sections[0].name, "name");
}

TEST(DecodeModule, AcceptsAnEmptyModule) {
    const auto module = decode_module(Binary::header().bytes());
    ASSERT_TRUE(module.has_value());
    EXPECT_THAT(module->sections, IsEmpty());
    EXPECT_EQ(module->defined_functions(), 0U);
}

TEST(DecodeModule, ReadsEveryEncodingOfElementSegments) {
    // ref.func 0, end
    const auto expression = {0xd2, 0x00, 0x0b};
    const Binary contents = Binary()
                                .raw({8})
                                .raw({0, 0x41, 0, 0x0b, 1, 0})           // active
                                .raw({1, 0x00, 1, 0})                    // passive
                                .raw({2, 0, 0x41, 0, 0x0b, 0x00, 1, 0})  // active, table index
                                .raw({3, 0x00, 1, 0})                    // declarative
                                .raw({4, 0x41, 0, 0x0b, 1})
                                .raw(expression)  // active, expressions
                                .raw({5, 0x70, 1})
                                .raw(expression)  // passive, expressions
                                .raw({6, 0, 0x41, 0, 0x0b, 0x70, 1})
                                .raw(expression)  // active, both
                                .raw({7, 0x70, 1})
                                .raw(expression);  // declarative, expressions
    const Binary binary = Binary::header()
                              .section(1, {1, 0x60, 0, 0})
                              .section(3, {1, 0})
                              .section(4, {1, 0x70, 0, 1})
                              .section(9, contents)
                              .section(10, {1, 2, 0, 0x0b});
    const auto module = decode_module(binary.bytes());
    ASSERT_TRUE(module.has_value()) << to_string(module.error());
    using enum SegmentMode;
    const SegmentMode modes[] = {active, passive, active, declarative,
                                 active, passive, active, declarative};
    ASSERT_EQ(module->elements.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(module->elements[i].mode, modes[i]) << i;
        EXPECT_EQ(module->elements[i].items.index(), i / 4) << i;
        EXPECT_EQ(module->elements[i].count(), 1U) << i;
        // A list of functions has no null in it.
        EXPECT_EQ(module->elements[i].type,
                  i < 4 ? ValueType::funcref.non_null() : ValueType::funcref)
            << i;
    }
}

TEST(DecodeModule, CanDoWithoutCode) {
    const Binary binary = Binary::header().section(1, {1, 0x60, 0, 0}).section(3, {2, 0, 0});
    EXPECT_EQ(verdict(binary),
              "malformed module at offset 0x13: function and code section have inconsistent "
              "lengths: 2 and 0");
    const auto module = decode_module(
        binary.bytes(), {.features = Features::supported(), .code = DecodeOptions::Code::absent});
    ASSERT_TRUE(module.has_value());
    EXPECT_EQ(module->defined_functions(), 2U);
    EXPECT_THAT(module->bodies, IsEmpty());
}

}  // namespace
}  // namespace wasmax::wasm
