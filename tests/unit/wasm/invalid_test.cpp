// Modules that decode but break a validation rule.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/support.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using testing::HasSubstr;

struct Case {
    const char* name;
    const char* text;
    const char* message;  ///< "" where the module is valid
};

class Validation : public testing::TestWithParam<Case> {};

TEST_P(Validation, SaysWhatTheSpecificationSays) {
    const auto result = check(wat(GetParam().text));
    if (*GetParam().message == '\0') {
        EXPECT_EQ(verdict(result), "accepted");
        return;
    }
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ModuleError::Kind::invalid);
    EXPECT_THAT(verdict(result), HasSubstr(GetParam().message));
}

const auto kName = [](const auto& test) { return std::string(test.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Modules, Validation,
    testing::Values(
        Case{"type", "(module (import \"\" \"\" (func (type 1))) (type (func)))",
             "(import section): unknown type 1"},
        Case{"function_type", "(module (type (func)) (func (type 3)))", "unknown type 3"},
        Case{"atomic_alignment",
             "(module (memory 1) (func (drop (i32.atomic.load align=2 (i32.const 0)))))",
             "atomic alignment must be natural"},
        Case{"shared_without_maximum", "(module (memory 1 shared))",
             "shared memory must have maximum"},
        Case{"tail_call_results",
             "(module (func $f (result i64) unreachable) (func (result i32) (return_call $f)))",
             "type mismatch: a tail call"},
        Case{"lane_index", "(module (func (drop (i64x2.extract_lane 2 (v128.const i64x2 0 0)))))",
             "invalid lane index 2"},
        Case{"lane_index_of_access",
             "(module (memory 1) (func (drop (v128.load32_lane 4 (i32.const 0) "
             "(v128.const i64x2 0 0)))))",
             "invalid lane index 4"},
        Case{"vector_alignment",
             "(module (memory 1) (func (drop (v128.load64_splat align=16 (i32.const 0)))))",
             "alignment must not be larger than natural"},
        Case{"memory_size", "(module (memory 65537))", "memory size must be at most 65536"},
        Case{"memory_maximum", "(module (memory 0 65537))", "memory size must be at most 65536"},
        Case{"memory_largest", "(module (memory 65536 65536))", ""},
        Case{"limits", "(module (memory 2 1))", "size minimum must not be greater than maximum"},
        Case{"table_largest", "(module (table 0xffffffff funcref))", ""},
        Case{"export_function", "(module (export \"a\" (func 0)))", "unknown function 0"},
        Case{"export_table", "(module (export \"a\" (table 0)))", "unknown table 0"},
        Case{"export_memory", "(module (export \"a\" (memory 0)))", "unknown memory 0"},
        Case{"export_global", "(module (export \"a\" (global 0)))", "unknown global 0"},
        Case{"export_twice",
             "(module (func) (export \"a\" (func 0)) (export \"b\" (func 0)) (export \"a\" (func "
             "0)))",
             "duplicate export name \"a\""},
        Case{"start_index", "(module (start 0))", "unknown function 0"},
        Case{"start_parameters", "(module (func (param i32)) (start 0))", "start function"},
        Case{"start_results", "(module (func (result i32) (i32.const 1)) (start 0))",
             "start function"},
        Case{"element_table", "(module (func) (elem (i32.const 0) func 0))", "unknown table 0"},
        Case{"element_function", "(module (table 1 funcref) (elem (i32.const 0) func 0))",
             "unknown function 0"},
        Case{"element_type",
             "(module (table 1 externref) (elem (i32.const 0) funcref (ref.null func)))",
             "type mismatch"},
        Case{"data_memory", "(module (data (i32.const 0) \"x\"))", "unknown memory 0"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Constants, Validation,
    testing::Values(
        Case{"type", "(module (global i32 (i64.const 0)))",
             "type mismatch: expected i32, found i64"},
        Case{"none", "(module (global i32))", "type mismatch: expected one value, found 0"},
        Case{"two", "(module (global i32 (i32.const 0) (i32.const 0)))",
             "type mismatch: expected one value, found 2"},
        Case{"not_constant", "(module (global i32 (i32.ctz (i32.const 0))))",
             "constant expression required: found i32.ctz"},
        Case{"extended", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", ""},
        Case{"division", "(module (global i32 (i32.div_u (i32.const 1) (i32.const 2))))",
             "constant expression required: found i32.div_u"},
        Case{"imported_global",
             "(module (import \"\" \"\" (global i32)) (global i32 (global.get 0)))", ""},
        Case{"defined_global", "(module (global i32 (i32.const 0)) (global i32 (global.get 0)))",
             ""},
        Case{"global_defined_later",
             "(module (global i32 (global.get 1)) (global i32 (i32.const 0)))", "unknown global 1"},
        Case{"mutable_global",
             "(module (import \"\" \"\" (global (mut i32))) (global i32 (global.get 0)))",
             "constant expression required"},
        Case{"function", "(module (global funcref (ref.func 0)))", "unknown function 0"},
        Case{"offset", "(module (memory 1) (data (f32.const 0) \"\"))", "type mismatch"},
        Case{"element", "(module (elem externref (ref.null func)))", "type mismatch"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Control, Validation,
    testing::Values(
        Case{"label", "(module (func (br 1)))", "unknown label 1"},
        Case{"label_of_function", "(module (func (br 0)))", ""},
        Case{"br_table_label", "(module (func (br_table 0 9 0 (i32.const 0))))", "unknown label 9"},
        Case{"br_table_arity",
             "(module (func (block (br_table 0 (block (result i32) (br_table 0 1 (i32.const 0) "
             "(i32.const 0)))))))",
             "type mismatch: the targets of br_table"},
        Case{"br_table_types",
             "(module (func (result i32) (block (result f32) (br_table 0 1 (f32.const 0) "
             "(i32.const 0))) drop (i32.const 0)))",
             "type mismatch: expected i32, found f32"},
        Case{"br_table_types_unreachable",
             "(module (func (result i32) (block (result f32) (unreachable) (br_table 0 1 1)) drop "
             "(i32.const 0)))",
             ""},
        Case{"br_value", "(module (func (result i32) (br 0 (f32.const 0))))", "type mismatch"},
        Case{"br_if_condition", "(module (func (br_if 0 (i64.const 0))))",
             "type mismatch: expected i32, found i64"},
        Case{"br_if_keeps_values",
             "(module (func (result i32) (br_if 0 (i32.const 1) (i32.const 2))))", ""},
        Case{"br_if_unreachable_types",
             "(module (func (block (result i32) (unreachable) (br_if 0) (i64.eqz)) drop))",
             "type mismatch: expected i64, found i32"},
        Case{"end_missing_value", "(module (func (result i32)))",
             "type mismatch: expected i32, found an empty stack"},
        Case{"end_extra_value", "(module (func (i32.const 1)))",
             "type mismatch: 1 values too many at the end of the block"},
        Case{"end_extra_value_unreachable", "(module (func (unreachable) (i32.const 1)))",
             "type mismatch: 1 values too many"},
        Case{"outer_operand", "(module (func (i32.const 1) (block drop)))",
             "type mismatch: expected any type, found an empty stack"},
        Case{"block_parameters",
             "(module (func (result i32) (i32.const 1) (block (param i32) (result i32))))", ""},
        Case{"if_without_else",
             "(module (func (drop (if (result i32) (i32.const 0) (then (i32.const 1))))))",
             "type mismatch: an if without else"},
        Case{"if_parameters_without_else",
             "(module (func (result i32) (i32.const 1) (if (param i32) (result i32) (i32.const 0) "
             "(then))))",
             ""},
        Case{"return_value", "(module (func (result i64) (return (i32.const 0))))",
             "type mismatch"},
        Case{"callee", "(module (func (call 7)))", "unknown function 7"},
        Case{"argument", "(module (func (param f32) (call 0 (i32.const 0))))", "type mismatch"},
        Case{"call_indirect_table",
             "(module (type (func)) (func (call_indirect (type 0) (i32.const 0))))",
             "unknown table 0"},
        Case{"call_indirect_externref",
             "(module (type (func)) (table 1 externref) (func (call_indirect (type 0) (i32.const "
             "0))))",
             "type mismatch: call_indirect needs a table of functions"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Values, Validation,
    testing::Values(
        Case{"local", "(module (func (param i32) (local f32) (drop (local.get 2))))",
             "unknown local 2"},
        Case{"local_type", "(module (func (local f32) (local.set 0 (i32.const 0))))",
             "type mismatch: expected f32, found i32"},
        Case{"global", "(module (func (drop (global.get 0))))", "unknown global 0"},
        Case{"immutable", "(module (global i32 (i32.const 0)) (func (global.set 0 (i32.const 0))))",
             "immutable global 0"},
        Case{"select_types",
             "(module (func (drop (select (i32.const 0) (f32.const 0) (i32.const 0)))))",
             "type mismatch"},
        Case{"select_references",
             "(module (func (drop (select (ref.null func) (ref.null func) (i32.const 0)))))",
             "type mismatch: select of references needs a type"},
        Case{"select_unreachable", "(module (func (unreachable) (select) (i32.eqz) drop))", ""},
        Case{"select_half_unreachable",
             "(module (func (unreachable) (i64.const 0) (i32.const 0) (select) (i32.eqz) drop))",
             "type mismatch: expected i32, found i64"},
        Case{"alignment", "(module (memory 1) (func (drop (i32.load16_u align=4 (i32.const 0)))))",
             "alignment must not be larger than natural"},
        Case{"load_without_memory", "(module (func (drop (i32.load (i32.const 0)))))",
             "unknown memory 0"},
        Case{"store_value", "(module (memory 1) (func (f64.store (i32.const 0) (f32.const 0))))",
             "type mismatch: expected f64, found f32"},
        Case{"memory_init_segment",
             "(module (memory 1) (data \"\") (func (memory.init 1 (i32.const 0) (i32.const 0) "
             "(i32.const 0))))",
             "unknown data segment 1"},
        Case{"table_init_segment",
             "(module (table 1 funcref) (func (table.init 0 (i32.const 0) (i32.const 0) (i32.const "
             "0))))",
             "unknown elem segment 0"},
        Case{"table_copy_types",
             "(module (table 1 funcref) (table 1 externref) (func (table.copy 0 1 (i32.const 0) "
             "(i32.const 0) (i32.const 0))))",
             "type mismatch: expected funcref, found externref"},
        Case{"table_init_types",
             "(module (table 1 funcref) (elem externref) (func (table.init 0 0 (i32.const 0) "
             "(i32.const 0) (i32.const 0))))",
             "type mismatch: expected funcref, found externref"},
        Case{"table_set",
             "(module (table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null extern))))",
             "type mismatch"},
        Case{"undeclared", "(module (func (drop (ref.func 0))))",
             "undeclared function reference 0"},
        Case{"ref_is_null", "(module (func (drop (ref.is_null (i32.const 0)))))",
             "type mismatch: expected a reference, found i32"},
        Case{"numeric", "(module (func (drop (i64.add (i64.const 0) (i32.const 0)))))",
             "type mismatch: expected i64, found i32"}),
    kName);

TEST(Validation, RefusesASelectOfTwoTypes) {
    // select_t with the types i32 and i32: the text format cannot say it.
    const Binary module = module_with_body(Binary().raw({0, 0x00, 0x1c, 2, 0x7f, 0x7f, 0x0b}));
    EXPECT_THAT(verdict(module), HasSubstr("invalid result arity"));
}

TEST(Validation, RefusesOffsetsBeyondTheAddressType) {
    const Binary body =
        Binary().raw({0, 0x41, 0, 0x2d, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a, 0x0b});
    const Binary module = Binary::header()
                              .section(1, {1, 0x60, 0, 0})
                              .section(3, {1, 0})
                              .section(5, {1, 0, 1})
                              .section(10, Binary().raw({1}).sized(body));
    EXPECT_THAT(verdict(module), HasSubstr("offset out of range"));
}

TEST(Validation, SaysWhere) {
    const auto result = check(wat("(module (func) (func (drop (i32.eqz (f32.const 1)))))"));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().section, "function 1");
    // Header 8, types 6, functions 5, code 3; body 0: 3; body 1: size, locals, f32.const.
    EXPECT_EQ(result.error().offset, 8U + 6 + 5 + 3 + 3 + 2 + 5);
}

struct FeatureCase {
    const char* name;
    Feature feature;
    const char* text;
};

class SwitchedOff : public testing::TestWithParam<FeatureCase> {};

TEST_P(SwitchedOff, FeatureIsRefusedByName) {
    const ByteVector bytes = wat(GetParam().text);
    EXPECT_EQ(verdict(check(bytes)), "accepted");
    const auto result = check(bytes, without(GetParam().feature));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ModuleError::Kind::unsupported);
    EXPECT_EQ(result.error().message,
              std::string("feature ") + to_string(GetParam().feature) + " is not enabled");
}

INSTANTIATE_TEST_SUITE_P(
    Features, SwitchedOff,
    testing::Values(
        FeatureCase{"sign_extension", Feature::sign_extension,
                    "(module (func (drop (i32.extend8_s (i32.const 0)))))"},
        FeatureCase{"saturating", Feature::saturating_float_to_int,
                    "(module (func (drop (i32.trunc_sat_f32_s (f32.const 0)))))"},
        FeatureCase{"results", Feature::multi_value,
                    "(module (func (result i32 i32) (i32.const 0) (i32.const 0)))"},
        FeatureCase{"block_parameters", Feature::multi_value,
                    "(module (func (i32.const 0) (block (param i32) drop)))"},
        FeatureCase{"passive_data", Feature::bulk_memory, "(module (data \"\"))"},
        FeatureCase{"passive_elements", Feature::bulk_memory, "(module (elem func))"},
        FeatureCase{
            "memory_fill", Feature::bulk_memory,
            "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))"},
        FeatureCase{"externref", Feature::reference_types, "(module (func (param externref)))"},
        FeatureCase{"funcref_local", Feature::reference_types, "(module (func (local funcref)))"},
        FeatureCase{"funcref_block", Feature::reference_types,
                    "(module (func (block (result funcref) unreachable) drop))"},
        FeatureCase{"two_memories", Feature::multi_memory,
                    "(module (import \"\" \"\" (memory 1)) (memory 1))"},
        FeatureCase{
            "memory_index", Feature::multi_memory,
            "(module (memory $a 1) (memory $b 1) (func (drop (i32.load $b (i32.const 0)))))"},
        FeatureCase{"shared_memory", Feature::threads, "(module (memory 1 1 shared))"},
        FeatureCase{"atomic", Feature::threads, "(module (func (atomic.fence)))"},
        FeatureCase{"tail_call", Feature::tail_call, "(module (func (return_call 0)))"},
        FeatureCase{"vector", Feature::simd,
                    "(module (func (result i32) (v128.any_true (v128.const i64x2 0 0))))"},
        FeatureCase{"vector_type", Feature::simd, "(module (func (param v128)))"},
        FeatureCase{"externref_table", Feature::reference_types, "(module (table 1 externref))"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Features, TableOfFunctionsNeedsNone) {
    EXPECT_EQ(verdict("(module (table 1 funcref) (func) (elem (i32.const 0) func 0))",
                      without(Feature::reference_types)),
              "accepted");
    EXPECT_THAT(
        verdict("(module (table 1 funcref) (table 1 funcref))", without(Feature::reference_types)),
        HasSubstr("feature reference-types is not enabled"));
}

TEST(Features, ExtendedConstantExpressions) {
    const char* text = R"((module
        (global i32 (i32.const 1))
        (global i64 (i64.mul (i64.const 3) (i64.sub (i64.const 2) (i64.const 1))))
        (global i32 (i32.add (global.get 0) (i32.const 1)))))";
    EXPECT_THAT(verdict(text, without(Feature::extended_const)),
                HasSubstr("constant expression required"));
    EXPECT_EQ(verdict(text), "accepted");
    EXPECT_THAT(verdict("(module (global i32 (i32.add (i32.const 1))))"),
                HasSubstr("type mismatch"));
    EXPECT_THAT(verdict("(module (global i32 (global.get 0)))"), HasSubstr("unknown global 0"));
}

}  // namespace
}  // namespace wasmax::wasm
